#!/bin/sh
# WANT_JSON
echo "before"; echo '{"x": 1}'; echo after; echo "err" >&2
