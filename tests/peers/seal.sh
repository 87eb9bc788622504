#!/bin/sh
# seal.sh BIN RESULTS - what is sent on is sealed (ARC), and dkimpy checks it
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import dkim, nacl, authres' 2>/dev/null || {
	echo "skip seal: python3-dkim, python3-nacl or python3-authres is not" \
	    "installed" >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/seal.py" --bin "$bin" \
    --folder "$dir" --results "$results"
