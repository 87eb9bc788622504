#!/bin/sh
# leaving.sh BIN RESULTS - what a receiver decodes is what was stored
#
# Of the mail in tests/mail, and with CORPUS=DIR of all that is there.  The tool
# is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
name="what leaves is decoded to what was stored, whatever a host takes"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O2 -o "$dir/leaving" \
    "$here/leaving.c" "$bin/libpostroom.a" -lcrypto -lidn2 -lutf8proc \
    >"$dir/out" 2>&1 &&
    PYTHONDONTWRITEBYTECODE=1 python3 "$here/leaving.py" \
    --tool "$dir/leaving" --folder "$dir/mail" "$here/../mail" \
    ${CORPUS:+"$CORPUS"} >>"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 40 "$dir/out"
fi
