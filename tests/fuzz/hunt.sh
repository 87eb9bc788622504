#!/bin/sh
#
# hunt.sh BUILD RESULTS SOURCE ... - run each libFuzzer harness for a while
#
# FUZZ_SECONDS each, one after the other.  What libFuzzer learns is kept in
# BUILD/corpus; the seeds are only read.  An input that breaks a harness is
# left as BUILD/NAME-crash-...: after the mend, copy it to
# tests/fuzz/seeds/NAME, where make check replays it.  One line of RESULTS per
# harness.

build=$1
results=$2
shift 2

for source; do
	name=$(basename "$source" _fuzz.c)
	log=$build/$name.log
	set -- -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 \
	    -artifact_prefix="$build/$name-" -timeout=10
	[ -f "tests/fuzz/$name.dict" ] &&
	    set -- "$@" -dict="tests/fuzz/$name.dict"
	mkdir -p "$build/corpus/$name"
	set -- "$@" "$build/corpus/$name"
	[ -d "tests/fuzz/seeds/$name" ] && set -- "$@" "tests/fuzz/seeds/$name"
	if "$build/${source%.c}" "$@" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "pass $name, $runs inputs" >>"$results"
	else
		tail -n 40 "$log"
		echo "fail $name; see $log" >>"$results"
	fi
done
