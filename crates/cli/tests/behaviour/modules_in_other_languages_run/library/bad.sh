#!/bin/sh
# WANT_JSON
echo "oh no"; echo "err" >&2; exit 4
