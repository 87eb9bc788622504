#!/bin/sh
#
# summary.sh RESULTS - say what failed, count each kind, close with the total
#
# A line of RESULTS is "pass|fail|skip VARIANT/KIND WHAT".

exec awk '
$1 != "pass" && $1 != "fail" && $1 != "skip" {
	print "not a result: " $0
	$1 = "fail"
	$2 = "?"
}
$1 != "pass" { print }
{
	if (!($2 in seen))
		kinds[++nkinds] = $2
	seen[$2] = 1
	count[$1, $2]++
	total[$1]++
}
END {
	for (i = 1; i <= nkinds; i++)
		printf "%-16s %5d passed %5d failed %5d skipped\n", kinds[i],
		    count["pass", kinds[i]], count["fail", kinds[i]],
		    count["skip", kinds[i]]
	printf "%d passed, %d failed", total["pass"], total["fail"]
	if (total["skip"] > 0)
		printf ", %d skipped", total["skip"]
	printf "\n"
	exit total["fail"] > 0 || total["pass"] == 0
}' "$1"
