#!/bin/sh
cat <<'X'
{"a": <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>, "n": "argc"}
X
