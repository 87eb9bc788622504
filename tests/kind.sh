#!/bin/sh
#
# kind.sh VARIANT KIND RESULTS COMMAND ... - run one kind of test
#
# COMMAND leaves lines in build/VARIANT/KIND.results; they are added to
# RESULTS as "pass VARIANT/KIND WHAT".  A kind that breaks off, or that runs
# nothing, adds a failure of its own, so silence never counts as success.  Kinds
# may run side by side; their lines never mix in RESULTS.

variant=$1
kind=$2
results=$3
shift 3
lines=build/$variant/$kind.results

mkdir -p "build/$variant"
: >"$lines"
echo "== $variant $kind"
began=$(date +%s)
"$@"
status=$?
echo "== $variant $kind took $(($(date +%s) - began)) s"
if [ $status -ne 0 ] && ! grep -q '^fail ' "$lines"; then
	echo "fail broke off with status $status" >>"$lines"
fi
[ -s "$lines" ] || echo "fail nothing ran" >>"$lines"
{
	flock 9 || echo "fail $variant/$kind cannot lock $results" >&9
	sed "s|^\([^ ]*\) |\1 $variant/$kind |" "$lines" >&9
} 9>>"$results"
