#!/usr/bin/python
# WANT_JSON
import json, sys
print(json.dumps({"py": json.load(open(sys.argv[1]))["a"]}))
