#!/bin/sh
# sections.sh BIN RESULTS - the sections of mail, and what searches find
#
# Of the mail in tests/mail, and with CORPUS=DIR of all that is there, the hub's
# beside Dovecot's: see sections.py.
bin=$1 results=$2
name="sections are and searches find what Dovecot's do"
if ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip sections: Dovecot is not installed" >>"$results"
	exit 0
fi
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail sections: no hub" >>"$results"; exit 1; }
here=$(dirname "$0")
chmod 711 "$dir"
if PYTHONDONTWRITEBYTECODE=1 python3 "$here/sections.py" --base "$base" \
    --folder "$dir/peer" "$here/../mail" ${CORPUS:+"$CORPUS"} \
    >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 2 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 40 "$dir/out"
fi
