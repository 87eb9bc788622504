#!/bin/sh
# compose.sh BIN RESULTS - Python's email package reads what the hub writes
#
# compose.c is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
name="a notice is read by another program as it was meant"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/compose" \
    "$here/compose.c" "$bin/libpostroom.a" -lidn2 >"$dir/out" 2>&1 &&
    "$dir/compose" 3000 >"$dir/letters" 2>>"$dir/out" &&
    PYTHONDONTWRITEBYTECODE=1 python3 "$here/compose.py" "$dir/letters" \
    >>"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 20 "$dir/out"
fi
