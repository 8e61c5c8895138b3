#!/bin/sh
# WANT_JSON
echo '{"x": 1, "rc": 3}'; exit 5
