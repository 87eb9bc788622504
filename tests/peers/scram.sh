#!/bin/sh
# scram.sh BIN RESULTS - logins by SCRAM-SHA-256, by our own client and others'
#
# Python's standard library is all that scram.py needs to speak it; mbsync and
# mpop speak it with Cyrus SASL and GNU SASL.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail scram: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/scram.py" --base "$base" --folder "$dir" \
    --results "$results" || tail -n 20 "$dir/log"
