#!/bin/sh
# etrn.sh BIN RESULTS - Postfix sends what it holds when it is asked with ETRN
#
# Postfix is the provider: it relays for office.test, and delivers nothing to
# it before somebody asks (ETRN_README: defer_transports, fast_flush_domains).
bin=$1 results=$2
hub_edit='s|^upstream_hosts = .*|upstream_hosts = "127.0.0.0/8"|'
. "$(dirname "$0")/hub.sh"

if ! [ -x /usr/sbin/postfix ] || [ "$(id -u)" -ne 0 ]; then
	echo "skip etrn: Postfix is not installed, or needs root" >>"$results"
	exit 0
fi
hub_up "$bin" || { echo "fail etrn: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/etrn.py" --bin "$bin" --conf "$conf" \
    --base "$base" --folder "$dir" --results "$results" ||
	tail -n 20 "$dir/log"
