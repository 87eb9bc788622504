#!/bin/sh
#
# run.sh RESULTS FOLDER TEST ... - run unit test programs built below FOLDER
#
# Each test of each program becomes one line of RESULTS, taken from the log
# that libcheck writes in TAP.  A row of a loop test is a test.  What a
# program says is shown only when it fails.
#
# FOLDER/every holds all but those that FOLDER/every.alone names; UNIT_TEST says
# to it which.  Each test has a process of its own, and most of them wait for a
# disk or a timer: two for each processor run side by side.  Their lines come in
# the order in which they were named.

limit_seconds=1200	# a program that hangs must not hang the check
# libcheck's own limit is 4 s of one test, and of a machine that does much else
# at a time nobody knows how slow it is; what a test asks for is multiplied.
: "${CK_DEFAULT_TIMEOUT:=30}" "${CK_TIMEOUT_MULTIPLIER:=4}"
export CK_DEFAULT_TIMEOUT CK_TIMEOUT_MULTIPLIER

# run.sh --one FOLDER TEST: its lines go to TEST.results.
one() {
	folder=$1 program=$2
	name=${program#"$folder"/}
	rm -f "$program.tap" "$program.results"
	run=$folder/every
	if grep -qxF "$program" "$folder/every.alone"; then
		run=$program
	fi
	CK_TAP_LOG_FILE_NAME=$program.tap UNIT_TEST=$name \
	    timeout $limit_seconds "$run" >"$program.out" 2>&1
	status=$?
	[ -f "$program.tap" ] || : >"$program.tap"
	awk -v name="${name%_test}" -v status=$status '
	/^(not )?ok / {
		word = $1 == "ok" ? "pass" : "fail"
		sub(/^(not )?ok [0-9]+ - [^:]*:/, "")
		if (word == "pass")
			sub(/: Passed$/, "")
		print word, name ":" $0
		failed += word == "fail"
	}
	# The plan is the last line that libcheck writes.
	/^1\.\./ { planned = substr($0, 4) }
	END {
		if (planned == "")
			print "fail", name " broke off with status " status
		else if (planned == 0)
			print "fail", name " has no tests"
		else if (status != 0 && !failed)
			print "fail", name " ended with status " status
	}' "$program.tap" >"$program.results"
	[ $status -eq 0 ] || cat "$program.out"
}

if [ "$1" = --one ]; then
	one "$2" "$3"
	exit 0
fi

results=$1
folder=$2
shift 2
if [ $# -eq 0 ]; then
	echo "skip no unit test yet" >>"$results"
	exit 0
fi
printf '%s\n' "$@" | xargs -P $((2 * $(getconf _NPROCESSORS_ONLN))) \
    -n 1 sh "$0" --one "$folder"
for program; do
	# whoever was killed before it wrote any has failed
	cat "$program.results" 2>/dev/null ||
	    echo "fail ${program#"$folder"/} left no result"
done >>"$results"
