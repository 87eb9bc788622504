#!/bin/sh
# dkim.sh BIN RESULTS - signatures of dkimpy and Mail::DKIM, checked by ours
#
# dkim.c is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
name="signatures of dkimpy and Mail::DKIM are right here, changed mail is not"
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import dkim, nacl' 2>/dev/null || {
	echo "skip $name: python3-dkim or python3-nacl is not installed" \
	    >>"$results"
	exit 0
}
if ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/dkim" "$here/dkim.c" \
    "$bin/libpostroom.a" -lcrypto -lidn2 >"$dir/out" 2>&1 &&
    mkdir "$dir/mail" &&
    "$python" "$here/dkim_signed.py" --checker "$dir/dkim" \
    --scratch "$dir/mail" --most 40 "$here/../mail" >>"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 20 "$dir/out"
fi
