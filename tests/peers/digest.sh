#!/bin/sh
# digest.sh BIN RESULTS - people are told by mail what a rule holds for them
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_edit='s|^spam_action.*|spam_action = "hold"|'
hub_up "$bin" || { echo "fail digest: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add bob@office.test \
    --password-file "$dir/password" >/dev/null
python3 "$(dirname "$0")/digest.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
