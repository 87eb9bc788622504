#!/bin/sh
# arc.sh BIN RESULTS - chains of ARC that dkimpy sealed, checked by ours
#
# arc.c is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
name="chains that dkimpy sealed are right here, changed ones are not"
shapes="each way to write a chain is found right or wrong as RFC 8617 has it"
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import dkim, authres' 2>/dev/null || {
	for one in "$name" "$shapes"; do
		echo "skip $one: python3-dkim or python3-authres is not" \
		    "installed" >>"$results"
	done
	exit 0
}
if ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/arc" "$here/arc.c" \
    "$bin/libpostroom.a" -lcrypto -lidn2 >"$dir/out" 2>&1 &&
    mkdir "$dir/mail" &&
    "$python" "$here/arc_sealed.py" --checker "$dir/arc" \
    --scratch "$dir/mail" --most 20 "$here/../mail" >>"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 20 "$dir/out"
fi
if mkdir "$dir/shapes" &&
    "$python" "$here/arc_shapes.py" --checker "$dir/arc" \
    --scratch "$dir/shapes" >"$dir/out" 2>&1; then
	echo "pass $shapes" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $shapes" >>"$results"
	tail -n 20 "$dir/out"
fi
