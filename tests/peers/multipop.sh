#!/bin/sh
# multipop.sh BIN RESULTS [FOLDER] - collecting from Dovecot
#
# Dovecot is the provider: STLS, TLS from the first byte, every mechanism, and
# the mail of FOLDER (tests/mail; 500 messages of $CORPUS where that is said),
# from there to the hub and out over POP3, byte for byte.
bin=$1 results=$2 folder=${CORPUS:-${3:-$(dirname "$0")/../mail}}
. "$(dirname "$0")/hub.sh"

if ! [ -x /usr/sbin/dovecot ] || ! [ -x /usr/lib/dovecot/pop3 ]; then
	echo "skip multipop: Dovecot is not installed" >>"$results"
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "skip multipop: Dovecot needs root" >>"$results"
	exit 0
fi
hub_up "$bin" || { echo "fail multipop: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/multipop.py" --bin "$bin" --conf "$conf" \
    --pop3 $((base + 110)) --folder "$dir" --results "$results" "$folder" ||
	tail -n 20 "$dir/log"
"$bin/postroom" -c "$conf" check >/dev/null &&
	echo "pass multipop check" >>"$results" ||
	echo "fail multipop check" >>"$results"
