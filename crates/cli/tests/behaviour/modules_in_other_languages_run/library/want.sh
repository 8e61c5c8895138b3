#!/bin/sh
# WANT_JSON
echo "{\"args\": $(cat $1), \"pwd\": \"$PWD\", \"FOO\": \"$FOO\"}"
