#!/usr/bin/nosuchshell
# WANT_JSON
echo '{"x": 1}'
