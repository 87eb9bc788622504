#!/bin/sh
# structure.sh BIN RESULTS [FOLDER] - what IMAP tells of mail, Dovecot's beside
#
# Of the mail in tests/mail, and with CORPUS=DIR of all that is there.  The tool
# is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
name="envelopes and structures are those that Dovecot tells"
if ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip structure: Dovecot is not installed" >>"$results"
	exit 0
fi
dir=$(mktemp -d)
chmod 711 "$dir"
trap 'rm -rf "$dir"' EXIT

if ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O2 -o "$dir/structure" \
    "$here/structure.c" "$bin/libpostroom.a" -lidn2 -lutf8proc \
    >"$dir/out" 2>&1 &&
    PYTHONDONTWRITEBYTECODE=1 python3 "$here/structure.py" \
    --tool "$dir/structure" --folder "$dir/peer" "$here/../mail" \
    ${CORPUS:+"$CORPUS"} >>"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 40 "$dir/out"
fi
