#!/bin/sh
# suite.sh BIN RESULTS SUITE - a published suite of SPF, ARC or DMARC, by ours
#
# The checkers are built here, against the archive that the programs are made
# of.
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
for checker in spf arc dmarc; do
	${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/$checker" \
	    "$here/$checker.c" "$bin/libpostroom.a" -lcrypto -lidn2 || {
		echo "fail $name: $checker.c is not built" >>"$results"
		exit 1
	}
done
mkdir "$dir/scratch"
if "$python" "$here/suite.py" --bin "$dir" --known "$here/suite.known" \
    --scratch "$dir/scratch" "$suite" >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
else
	echo "fail $name" >>"$results"
fi
tail -n 40 "$dir/out"
