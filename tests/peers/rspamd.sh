#!/bin/sh
# rspamd.sh BIN RESULTS - an rspamd beside our own judges, real and misbehaving
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"
here=$(dirname "$0")

work=$(mktemp -d) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

try() {	# MORE: what the hub does beside an rspamd
	(	hub_edit="s,^rspamd = .*,rspamd = \"$work/rspamd.sock\","
		hub_edit="$hub_edit;s,^rspamd_seconds = .*,rspamd_seconds = 2s,"
		hub_up "$bin" || exit 1
		PYTHONDONTWRITEBYTECODE=1 python3 "$here/rspamd_hub.py" \
		    --base "$base" --socket "$work/rspamd.sock" \
		    --password "$dir/password" --results "$results" "$@" ||
			tail -n 20 "$dir/log"
		if grep -q 'refused system call' "$dir/log"; then
			echo "fail the scan role was refused a call" \
			    >>"$results"
			cat "$dir/log"
		fi
	) || echo "fail rspamd: no hub" >>"$results"
}

try
if [ -x /usr/bin/rspamd ] && [ "$(id -u)" = 0 ]; then
	mkdir "$work/real"
	try --real "$work/real"
else
	echo "skip rspamd: it is not installed, or we are not root" >>"$results"
fi
