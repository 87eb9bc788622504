#!/bin/sh
# order.sh BIN RESULTS - SORT and THREAD, Dovecot's beside ours: see order.py
#
# Of the mail in tests/mail and what order.py makes, and with CORPUS=DIR of what
# is there, ORDER_MOST of it (2,000).
bin=$1 results=$2
here=$(dirname "$0")
name="letters stand in the order and the conversations that Dovecot tells"
if ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip order: Dovecot is not installed" >>"$results"
	exit 0
fi
. "$here/hub.sh"

hub_up "$bin" || { echo "fail order: no hub" >>"$results"; exit 1; }
chmod 711 "$dir"
if PYTHONDONTWRITEBYTECODE=1 python3 "$here/order.py" --base "$base" \
    --folder "$dir/peer" --most "${ORDER_MOST:-2000}" "$here/../mail" \
    ${CORPUS:+"$CORPUS"} >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n ${ORDER_LINES:-60} "$dir/out"
	tail -n 5 "$dir/log"
fi
