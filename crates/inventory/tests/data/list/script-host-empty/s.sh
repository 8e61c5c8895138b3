#!/bin/sh
if [ "$1" = --host ]; then :; else echo '{"all": ["a"], "ungrouped": ["u"]}'; fi
