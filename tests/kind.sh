#!/bin/sh
#
# kind.sh VARIANT KIND RESULTS COMMAND ... - run one kind of test
#
# COMMAND leaves lines in build/VARIANT/KIND.results; they are added to
# RESULTS as "pass VARIANT/KIND WHAT".  A kind that breaks off, or that runs
# nothing, adds a failure of its own, so silence never counts as success.

variant=$1
kind=$2
results=$3
shift 3
lines=build/$variant/$kind.results

mkdir -p "build/$variant"
: >"$lines"
echo "== $variant $kind"
"$@"
status=$?
if [ $status -ne 0 ] && ! grep -q '^fail ' "$lines"; then
	echo "fail broke off with status $status" >>"$lines"
fi
[ -s "$lines" ] || echo "fail nothing ran" >>"$lines"
sed "s|^\([^ ]*\) |\1 $variant/$kind |" "$lines" >>"$results"
