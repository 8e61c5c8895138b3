#!/bin/sh
# WANT_JSON
echo '{"ansible_facts": {"own_fact": 7}, "changed": false, "warnings": ["careful"]}'
