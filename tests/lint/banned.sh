#!/bin/sh
#
# banned.sh - calls that have no safe use here
#
# The first four do not know the size of what they write, strtok and atoi
# hide state and errors, system and popen start a shell.

banned='strcpy|strcat|sprintf|gets|strtok|atoi|system|popen'
bad=0

for file in $(sh tests/lint/sources '*.c' '*.h' | grep -v '^tests/'); do
	# Strings and comments may say the names.
	if sed -e 's/\\"//g' -e 's/"[^"]*"//g' -e 's,/\*.*\*/,,' \
	    -e 's,/\*.*,,' -e 's/^[[:space:]]*\*[[:space:]].*//' "$file" |
	    grep -nE "(^|[^A-Za-z0-9_.>])($banned)[[:space:]]*\(" |
	    sed "s|^\([0-9]*\):|$file:\1: banned: |" | grep .; then
		bad=1
	fi
done
exit $bad
