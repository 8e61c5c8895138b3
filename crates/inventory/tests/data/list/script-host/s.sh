#!/bin/sh
if [ "$1" = --host ]; then echo "{\"me\": \"$2\"}"; else echo '{"web": {"hosts": ["a", "b"]}, "old": {"x": 1}}'; fi
