#!/bin/sh
#
# headers.sh - a header is guarded, complete and explained
#
# Guarded: its first directives are #ifndef and #define of one name, its last
# is #endif.  Complete: it compiles alone.  Explained: in the block of lines
# without a gap where a prototype stands, a comment comes before it.

headers=$(sh tests/lint/sources '*.h')
[ -n "$headers" ] || exit 0
bad=0

for file in $headers; do
	# shellcheck disable=SC2086
	if ! ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -Wall -Werror \
	    -fsyntax-only -x c "$file"; then
		echo "$file:1: does not compile alone"
		bad=1
	fi
done

# shellcheck disable=SC2086
awk '
function finding(line, what) {
	printf "%s:%d: %s\n", file, line, what
	bad = 1
}

function end_of_file() {
	if (guard == "" || !guarded || last !~ /^#[ ]*endif/)
		finding(1, "no guard")
}

# Take the comments out of a line; remember whether one stood there.
function code(s,	at, rest, out) {
	out = ""
	for (;;) {
		if (in_comment) {
			explained = 1
			at = index(s, "*/")
			if (at == 0)
				return out
			in_comment = 0
			s = substr(s, at + 2)
		}
		at = index(s, "/*")
		if (at == 0)
			return out s
		out = out substr(s, 1, at - 1)
		s = substr(s, at + 2)
		in_comment = 1
	}
}

FNR == 1 {
	if (file != "")
		end_of_file()
	file = FILENAME
	guard = last = ""
	guarded = directives = depth = in_comment = explained = macro = 0
}

/^[ \t]*$/ { explained = 0; next }

{ text = code($0) }

# A macro goes on for as long as its lines end in a backslash.
macro || text ~ /^[ \t]*#/ {
	if (!macro) {
		last = text
		directives++
		split(text, word, /[ \t]+/)
		if (directives == 1 && word[1] == "#ifndef")
			guard = word[2]
		if (directives == 2 && word[1] == "#define")
			guarded = word[2] == guard
	}
	macro = text ~ /\\$/
	next
}

text ~ /[^ \t]/ { last = text }

depth == 0 && text ~ /^[A-Za-z_].*[A-Za-z0-9_]\(/ &&
    text !~ /^(typedef|__attribute__|_Static_assert)/ && !explained {
	name = text
	sub(/\(.*/, "", name)
	sub(/.*[ \t*]/, "", name)
	finding(FNR, name " has no comment")
}

{ depth += gsub(/\{/, "{", text) - gsub(/\}/, "}", text) }

END {
	end_of_file()
	exit bad
}' $headers || bad=1
exit $bad
