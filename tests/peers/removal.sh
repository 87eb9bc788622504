#!/bin/sh
# removal.sh BIN RESULTS - attachments are removed, and the mail is held whole
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail removal: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/removal.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
