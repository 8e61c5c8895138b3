#!/bin/sh
# WANT_JSON
echo '{"ping": "own"}'
