#!/bin/sh
# rule.sh BIN RESULTS - the postmaster's rules are tried, and judge mail
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail rule: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/rule.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
