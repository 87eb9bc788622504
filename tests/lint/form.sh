#!/bin/sh
#
# form.sh - files, functions and lines keep to the lengths of the house style
#
# A .c file above 800 lines says in its head comment why it is one thing;
# above 1,200 only a "table of data" stands.  A function above 100 lines is
# preceded by the comment "long: reason".  Lines end by column 80, or 100 at
# the utmost; rows of tables may be wider.  No line is a rule of dashes.  Only
# a long header just warns.

files=$(sh tests/lint/sources '*.c' '*.h')
[ -n "$files" ] || exit 0

# shellcheck disable=SC2086
LC_ALL=C exec awk '
function finding(line, what) {
	printf "%s:%d: %s\n", file, line, what
	bad = 1
}

# Columns of s: a tab reaches the next multiple of 8, UTF-8 counts once.
function columns(s,	n, pieces, i, wide) {
	gsub(/[\200-\277]/, "", s)
	n = split(s, pieces, "\t")
	wide = length(pieces[1])
	for (i = 2; i <= n; i++)
		wide = wide - wide % 8 + 8 + length(pieces[i])
	return wide
}

function end_of_file() {
	if (file ~ /\.h$/ && lines > 200)
		printf "%s:1: warning: %d lines, aim for 200\n", file, lines
	if (file ~ /\.c$/ && lines > 1200 && head !~ /table of data/)
		finding(1, lines " lines, above 1200")
	else if (file ~ /\.c$/ && lines > 800 &&
	    head !~ /one thing|table of data/)
		finding(1, lines " lines and no word why it is one thing")
}

FNR == 1 {
	if (file != "")
		end_of_file()
	file = FILENAME
	head = ""
	in_head = 1
	open = waived = 0
}

{ lines = FNR }
in_head { head = head " " $0 }
in_head && /\*\// { in_head = 0 }

/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/\/\* long: [^ ]/ { waived = 1 }
/^\/\* ?[-=*][-=*][-=*]/ { finding(FNR, "a banner line") }
/^\{[ \t]*$/ { open = FNR }
/^\}/ {
	if (open && FNR - open - 1 > 100 && !waived)
		finding(open, name " is " FNR - open - 1 " lines long")
	open = waived = 0
}

!/^[ \t]*\{/ {
	wide = columns($0)
	if (wide > 100)
		finding(FNR, wide " columns")
	else if (wide > 80)
		over++
}

END {
	if (file != "")
		end_of_file()
	if (over)
		print over " lines end after column 80"
	exit bad
}' $files
