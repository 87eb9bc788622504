#!/bin/sh
# rehearse.sh BIN RESULTS - rules are rehearsed on mail that is here, and undone
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail rehearse: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add bob@office.test \
    --password-file "$dir/password" >/dev/null ||
    { echo "fail rehearse: no second account" >>"$results"; exit 1; }
python3 "$(dirname "$0")/rehearse.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
