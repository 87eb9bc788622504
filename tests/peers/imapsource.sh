#!/bin/sh
# imapsource.sh BIN RESULTS - collecting folders from Dovecot, over IMAP
#
# Dovecot is the provider: TLS, COMPRESS, IDLE, special-use folders, flags,
# dates; from its maildirs to the hub's folders.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

if ! [ -x /usr/sbin/dovecot ] || ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip imapsource: Dovecot is not installed" >>"$results"
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "skip imapsource: Dovecot needs root" >>"$results"
	exit 0
fi
# whenever this runs, it is not the line's night
day=$(LC_ALL=C date -d '+3 days' +%a | tr '[:upper:]' '[:lower:]')
windows="daily 00:00-24:00; $day 03:00-04:00 night"
hub_edit="s/^line_windows = .*/line_windows = \"$windows\"/"
hub_up "$bin" || { echo "fail imapsource: no hub" >>"$results"; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/imapsource.py" \
    --bin "$bin" --conf "$conf" --folder "$dir" --results "$results" ||
	tail -n 20 "$dir/log"
"$bin/postroom" -c "$conf" check >/dev/null &&
	echo "pass imapsource check" >>"$results" ||
	echo "fail imapsource check" >>"$results"
