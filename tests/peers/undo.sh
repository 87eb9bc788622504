#!/bin/sh
# undo.sh BIN RESULTS - what a rule did is taken back
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail undo: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add bob@office.test \
    --password-file "$dir/password" >/dev/null ||
    { echo "fail undo: no second account" >>"$results"; exit 1; }
python3 "$(dirname "$0")/undo.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
