#!/bin/sh
cat <<E
{"web": {"hosts": ["a", "b"], "vars": {"v": 1, "t": "{{ x }}"}}, "db": ["c"], "p": {"children": ["web", "db"]}, "_meta": {"hostvars": {"a": {"x": [1, null]}, "zz": {"q": 1}}}}
E
