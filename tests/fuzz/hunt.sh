#!/bin/sh
#
# hunt.sh BUILD SOURCE ... - run each libFuzzer harness for FUZZ_SECONDS
#
# What libFuzzer learns is kept in BUILD/corpus; the seeds are only read.
# An input that breaks a harness is left as BUILD/NAME-crash-...: after the
# mend, copy it to tests/fuzz/seeds/NAME, where make check replays it.

build=$1
shift
bad=0

for source; do
	name=$(basename "$source" _fuzz.c)
	set -- -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 \
	    -artifact_prefix="$build/$name-" -timeout=10
	[ -f "tests/fuzz/$name.dict" ] &&
	    set -- "$@" -dict="tests/fuzz/$name.dict"
	mkdir -p "$build/corpus/$name"
	set -- "$@" "$build/corpus/$name"
	[ -d "tests/fuzz/seeds/$name" ] && set -- "$@" "tests/fuzz/seeds/$name"
	echo "== fuzz $name"
	if ! "$build/${source%.c}" "$@" >"$build/$name.log" 2>&1; then
		tail -n 40 "$build/$name.log"
		echo "$name: broke; see $build/$name.log"
		bad=1
	fi
done
exit $bad
