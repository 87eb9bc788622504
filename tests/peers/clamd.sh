#!/bin/sh
# clamd.sh BIN RESULTS - a real clamd looks for viruses, behind the real walls
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

clamd=${CLAMD:-$(PATH=$PATH:/usr/sbin command -v clamd)} || {
	echo "skip clamd: it is not installed" >>"$results"
	exit 0
}

clamd_up() {	# MORE: with these lines in its configuration
	printf '%s\n' "Foreground yes" "LocalSocket $work/clamd.sock" \
	    "DatabaseDirectory $work/signatures" "AlertExceedsMax yes" "$@" \
	    >"$work/clamd.conf"
	"$clamd" -c "$work/clamd.conf" >"$work/clamd.log" 2>&1 &
	daemon=$!
	tries=0
	until [ -S "$work/clamd.sock" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

clamd_down() {
	kill "$daemon"
	wait "$daemon" 2>/dev/null
	rm -f "$work/clamd.sock"
}

wait_log() {	# WORDS: until the log has them
	tries=0
	until grep -q "$1" "$dir/log"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}

send() {	# KIND: the code that the hub answers to such a message
	PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/clamd.py" \
	    "$((base + 25))" "$1"
}

held() {	# how many messages are held or in quarantine
	"$bin/postroom" -c "$conf" hold list --json | python3 -c \
	    'import json, sys; print(len(json.load(sys.stdin)["result"]))'
}

wait_held() {	# NUMBER: the list may have a message after its 250
	tries=0
	until [ "$(held)" = "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.1
	done
}

tell() {	# NAME COMMAND ...: passes when the command does
	name=$1; shift
	if "$@" >/dev/null; then echo "pass $name" >>"$results"; else
		echo "fail $name" >>"$results"
		cat "$dir/log" "$work/clamd.log"; fi
}

work=$(mktemp -d) || exit 1
mkdir "$work/signatures" && chmod 755 "$work" "$work/signatures"
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/clamd.py" signature \
    >"$work/signatures/eicar.ndb"
trap 'kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT

clamd_up || { echo "fail clamd: it does not start" >>"$results"; exit 1; }
(	hub_edit="s,^scan_clamd = .*,scan_clamd = \"$work/clamd.sock\","
	hub_up "$bin" || exit 1
	wait_log AlertEncrypted
	tell "a clamd that passes what is encrypted is not used" \
	    expr "$(send clean)" : 451
) || echo "fail clamd: no hub" >>"$results"
clamd_down

clamd_up "AlertEncrypted yes" ||
    { echo "fail clamd: it does not start again" >>"$results"; exit 1; }
(	hub_edit="s,^scan_clamd = .*,scan_clamd = \"$work/clamd.sock\","
	hub_up "$bin" || exit 1
	wait_log "clamd answers"
	tell "clamd says that a message is clean" expr "$(send clean)" : 250
	tell "what is clean is not held" expr "$(held)" : 0
	tell "clamd finds a virus" expr "$(send virus)" : 250
	tell "a virus that clamd finds is kept" wait_held 1
	tell "clamd finds something encrypted" expr "$(send encrypted)" : 250
	tell "what clamd cannot open is kept" wait_held 2
	tell "no scanner was refused a system call" \
	    sh -c "! grep -q 'refused system call' '$dir/log'"
	# whoever began clamd above ends it: a subshell cannot wait for it
	kill "$daemon"
	while [ -S "$work/clamd.sock" ] && kill -0 "$daemon" 2>/dev/null; do
		sleep 0.1
	done
	tell "without clamd nothing passes" expr "$(send clean)" : 451
) || echo "fail clamd: no hub" >>"$results"
