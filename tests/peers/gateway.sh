#!/bin/sh
# gateway.sh BIN RESULTS - mail for gateway domains goes when it is asked for
#
# fetchmail, and our own client in a second hub, say ETRN to this one.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail gateway: no hub" >>"$results"; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/gateway.py" --bin "$bin" \
    --conf "$conf" --base "$base" --folder "$dir" --results "$results" ||
	tail -n 20 "$dir/log"
