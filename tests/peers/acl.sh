#!/bin/sh
# acl.sh BIN RESULTS - people and the postmaster share mailboxes
#
# Python's imaplib speaks ACL; the process of a mailbox that is shared is killed
# while messages move into it and out of it.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail acl: no hub" >>"$results"; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/acl.py" --bin "$bin" \
    --conf "$conf" --base "$base" --folder "$dir" --hub "$hub" \
    --results "$results" || tail -n 20 "$dir/log"
