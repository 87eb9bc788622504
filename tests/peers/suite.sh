#!/bin/sh
# suite.sh BIN RESULTS SUITE - a published suite of SPF, ARC or DMARC, by ours
#
# The checkers are built here (checkers.sh).
bin=$1 results=$2 suite=$3
here=$(dirname "$0")
name="$(basename "$suite") finds what it asks for"
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import yaml' 2>/dev/null || {
	echo "skip $name: python3-yaml is not installed" >>"$results"
	exit 0
}
. "$here/checkers.sh"
why=$(build_checkers "$bin" "$dir" spf arc seal dmarc)
[ -z "$why" ] || {
	echo "fail $name: $why" >>"$results"
	exit 1
}
mkdir "$dir/scratch"
if "$python" "$here/suite.py" --bin "$dir" --known "$here/suite.known" \
    --scratch "$dir/scratch" "$suite" >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
else
	echo "fail $name" >>"$results"
fi
tail -n 40 "$dir/out"
