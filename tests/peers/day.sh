#!/bin/sh
# day.sh BIN RESULTS - mail programs do a day's work by IMAP: see day.py
#
# With 200 messages, with LONG=1 with 2,000.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail day: no hub" >>"$results"; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/day.py" --base "$base" \
    --folder "$dir" --results "$results" \
    --letters "$([ -n "${LONG:-}" ] && echo 2000 || echo 200)" ||
    tail -n 20 "$dir/log"
