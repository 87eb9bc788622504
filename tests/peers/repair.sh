#!/bin/sh
# repair.sh BIN RESULTS - an account whose index is lost gets it again
#
# A hub takes three letters and is stopped; the index goes.  `postroom check`
# tells, `check --repair` mends, a second one finds nothing, and POP3 has the
# letters under the UIDLs that they had.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"
LC_ALL=C
export LC_ALL

verdict() {	# STATUS NAME
	[ "$1" -eq 0 ] && word=pass || word=fail
	echo "$word repair: $2" >>"$results"
}

hub_start() {
	: >"$dir/log"
	"$bin/postroomd" -f -c "$conf" >>"$dir/log" 2>&1 &
	hub=$!
	tries=0
	until grep -q ready "$dir/log"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}

hub_stop() {
	kill "$hub"
	wait "$hub"
}

# The UIDLs, once there are $1 letters.
uidls() {
	tries=0
	until curl -s -u ann:secret "pop3://127.0.0.1:$((base + 110))/" \
	    -X UIDL >"$dir/uidls" && [ "$(wc -l <"$dir/uidls")" -eq "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.2
	done
	cat "$dir/uidls"
}

hub_up "$bin" || { echo "fail repair: no hub" >>"$results"; exit 1; }
printf 'From: ben@example.com\nSubject: Hello\n\nIt works.\n' >"$dir/letter"
for n in 1 2 3; do
	curl -s --crlf "smtp://127.0.0.1:$((base + 25))" \
	    --mail-from ben@example.com --mail-rcpt ann@office.test \
	    -T "$dir/letter"
done
before=$(uidls 3)
"$bin/postroom" -c "$conf" check --repair >"$dir/said" 2>&1
[ $? -eq 4 ]
verdict $? "a hub that runs is not repaired"
hub_stop
"$bin/postroom" -c "$conf" check --repair >"$dir/said" 2>&1
verdict $? "where nothing is wrong nothing is done"
rm -f "$dir"/hub/data/accounts/*/index.db*
"$bin/postroom" -c "$conf" check >"$dir/said" 2>&1
[ $? -eq 1 ] && grep -q "check --repair" "$dir/said"
verdict $? "check tells of a lost index"
"$bin/postroom" -c "$conf" check --repair >"$dir/said" 2>&1
[ $? -eq 1 ] && grep -q "3 letters were put into their mailboxes" "$dir/said"
verdict $? "a lost index is made again"
"$bin/postroom" -c "$conf" check --repair >"$dir/said" 2>&1
verdict $? "a second repair finds nothing"
hub_start && [ -n "$before" ] && [ "$(uidls 3)" = "$before" ]
verdict $? "POP3 has every letter under the UIDL it had"
