#!/bin/sh
# WANT_JSON
echo '{"changed": false, "word": "said"}'
