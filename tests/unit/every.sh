#!/bin/sh
#
# every.sh FOLDER TEST ... - the table of suites that one program can hold
#
# TEST.o is an object of a test below FOLDER.  One that defines nothing but its
# suite goes with the others: its object into FOLDER/every.objects, its suite
# into the C on standard output.  One that defines more (an fdatasync() that
# fails) would do so to all: it goes into FOLDER/every.alone, a program of its
# own.

set -e
folder=$1
shift
: >"$folder/every.objects"
: >"$folder/every.alone"

# FILE SYMBOL of all that they define
defined() {
	for test; do
		printf '%s\n' "$test.o"
	done | xargs nm -A -g --defined-only |
	    awk '{ sub(/:.*/, "", $1); print $1, $NF }'
}

defined "$@" | awk -v folder="$folder" '
function close_object() {
	if (object == "")
		return
	test = substr(object, 1, length(object) - 2)
	if (suite == "" || others > 0) {
		print test >>(folder "/every.alone")
		return
	}
	print object >>(folder "/every.objects")
	print substr(test, length(folder) + 2), suite
}
$1 != object { close_object(); object = $1; suite = ""; others = 0 }
$2 ~ /^unit_suite_/ { suite = $2; next }
$2 !~ /^__odr_asan/ { others++ }
END { close_object() }' | awk '
{ name[NR] = $1; suite[NR] = $2 }
END {
	print "/* Written by tests/unit/every.sh. */"
	print "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
	print "#include \"tests/unit/unit.h\"\n"
	for (i = 1; i <= NR; i++)
		print "Suite\t*" suite[i] "(void);"
	print "\nstatic const struct {"
	print "\tconst char\t*name;"
	print "\tSuite\t*(*suite)(void);"
	print "} every[] = {"
	for (i = 1; i <= NR; i++)
		printf "{ \"%s\", %s },\n", name[i], suite[i]
	print "};\n"
	print "/* The one that UNIT_TEST names. */"
	print "Suite *\nunit_suite(void)\n{"
	print "\tconst char *wanted = getenv(\"UNIT_TEST\");\n"
	print "\tfor (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++)"
	print "\t\tif (wanted != NULL && strcmp(wanted, every[i].name) == 0)"
	print "\t\t\treturn every[i].suite();"
	print "\tfprintf(stderr, \"UNIT_TEST names no test\\n\");"
	print "\texit(2);\n}"
}'
