#!/bin/sh
# packing.sh BIN RESULTS - IMAP that is compressed: see packing.py.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail packing: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/packing.py" --bin "$bin" --conf "$conf" \
    --base "$base" --folder "$dir" --results "$results" ||
    tail -n 20 "$dir/log"
