#!/bin/sh
# submission.sh BIN RESULTS - people send with swaks, and dkimpy checks who signed
#
# By STARTTLS and by TLS from the first byte, with each mechanism that swaks has.
# dkimpy reads the keys as `postroom dkim list` shows them.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

python=${PYTHON:-/usr/bin/python3}
command -v swaks >/dev/null || {
	echo "skip submission: swaks is not installed" >>"$results"
	exit 0
}
"$python" -c 'import dkim, nacl' 2>/dev/null || {
	echo "skip submission: python3-dkim or python3-nacl is not installed" \
	    >>"$results"
	exit 0
}
hub_up "$bin" || { echo "fail submission: no hub" >>"$results"; exit 1; }
"$python" "$(dirname "$0")/submission.py" --bin "$bin" --conf "$conf" \
    --base "$base" --results "$results" || tail -n 20 "$dir/log"
