#!/bin/sh
#
# visible.sh - outside its file a variable is a constant table or not seen
#
# Looks at the objects of the build, not at the text: a global symbol in a
# section that stays writable is a finding, and so is a name that two of them
# define, for the linker sees that only where both are wanted.

[ -n "$OBJECTS" ] || exit 0

# shellcheck disable=SC2086
nm -A -g -l --defined-only -f sysv $OBJECTS |
    awk -F'|' -v top="$PWD/" '
# The last field is the section, then a tab and the place in the source.
{
	split($7, where, "\t")
	section = where[1]
	gsub(/ /, "", section)
}
NF == 7 && $3 !~ /[wWvV]/ && $1 ~ /:/ {
	symbol = $1
	sub(/ *$/, "", symbol)
	object = symbol
	sub(/:[^:]*$/, "", object)
	sub(/.*:/, "", symbol)
	if (symbol != "main" && symbol in defined) {
		print object ": " symbol " is defined in " defined[symbol] " too"
		bad = 1
	}
	defined[symbol] = object
}
section ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ &&
    section !~ /^\.data\.rel\.ro/ {
	sub(/ *$/, "", $1)
	name = $1
	sub(/.*:/, "", name)
	at = where[2]
	if (at == "")
		at = $1
	if (index(at, top) == 1)
		at = substr(at, length(top) + 1)
	print at ": " name " can be written from outside its file"
	bad = 1
}
END { exit bad }'
