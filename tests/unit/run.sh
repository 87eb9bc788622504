#!/bin/sh
#
# run.sh RESULTS FOLDER TEST ... - run unit test programs built below FOLDER
#
# Each test of each program becomes one line of RESULTS, taken from the log
# that libcheck writes in TAP.  A row of a loop test is a test.  What a
# program says is shown only when it fails.

results=$1
folder=$2
shift 2
[ $# -gt 0 ] || echo "skip no unit test yet" >>"$results"
limit_seconds=300	# a program that hangs must not hang the check

for program; do
	name=${program#"$folder"/}
	rm -f "$program.tap"
	CK_TAP_LOG_FILE_NAME=$program.tap timeout $limit_seconds \
	    "$program" >"$program.out" 2>&1
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
	}' "$program.tap" >>"$results"
	[ $status -eq 0 ] || cat "$program.out"
done
