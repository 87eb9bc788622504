#!/bin/sh
# recent.sh BIN RESULTS - \Recent, Dovecot's beside ours: see recent.py
bin=$1 results=$2
here=$(dirname "$0")
name="letters are recent where Dovecot has them so"
if ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip recent: Dovecot is not installed" >>"$results"
	exit 0
fi
. "$here/hub.sh"

hub_up "$bin" || { echo "fail recent: no hub" >>"$results"; exit 1; }
chmod 711 "$dir"
if PYTHONDONTWRITEBYTECODE=1 python3 "$here/recent.py" --base "$base" \
    --folder "$dir/peer" >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 60 "$dir/out"
	tail -n 5 "$dir/log"
fi
