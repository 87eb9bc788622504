#!/bin/sh
#
# run.sh RESULTS HARNESS ... - replay the seeds of each fuzz harness
#
# The seeds of NAME_fuzz are tests/fuzz/seeds/NAME; past findings live there
# too.  One line of RESULTS per harness.

results=$1
shift
limit_seconds=300

[ $# -gt 0 ] || echo "skip no harness yet" >>"$results"
for harness; do
	name=$(basename "$harness" _fuzz)
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=
	if timeout $limit_seconds "$harness" ${seeds:+"$seeds"} \
	    >"$harness.out" 2>&1; then
		echo "pass $name, $(tail -n 1 "$harness.out") seeds" >>"$results"
	else
		cat "$harness.out"
		echo "fail $name" >>"$results"
	fi
done
