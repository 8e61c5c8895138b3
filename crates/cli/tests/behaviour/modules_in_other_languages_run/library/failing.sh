#!/bin/sh
# WANT_JSON
echo '{"failed": true, "msg": "broken", "x": 2}'; exit 1
