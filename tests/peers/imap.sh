#!/bin/sh
# imap.sh BIN RESULTS - other people's mail programs do a day's work by IMAP
#
# Python's imaplib, curl, getmail6, mbsync and neomutt: see imap.py.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_edit='s|^time_zone.*|time_zone = "UTC"|'
hub_up "$bin" || { echo "fail imap: no hub" >>"$results"; exit 1; }
python3 "$(dirname "$0")/imap.py" --bin "$bin" --base "$base" --folder "$dir" \
    --results "$results" || tail -n 20 "$dir/log"
