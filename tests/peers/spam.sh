#!/bin/sh
# spam.sh BIN RESULTS - the spam filter is taught, asked, and judges mail
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_edit='s|^spam_action.*|spam_action = "junk"|'
hub_up "$bin" || { echo "fail spam: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/spam.py" --bin "$bin" --base "$base" \
    --folder "$dir" --hub "$hub" --results "$results" || tail -n 20 "$dir/log"
