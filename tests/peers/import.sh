#!/bin/sh
# import.sh BIN RESULTS - moving in from Dovecot, Thunderbird and mutt, and out
#
# Dovecot fills a Maildir as a person's client would; what the hub makes of it
# is compared over IMAP.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail import: no hub" >>"$results"; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/import.py" --bin "$bin" \
    --conf "$conf" --base "$base" --folder "$dir" --results "$results" ||
	tail -n 20 "$dir/log"
"$bin/postroom" -c "$conf" check >/dev/null &&
	echo "pass import check" >>"$results" ||
	echo "fail import check" >>"$results"
