#!/bin/sh
# tlsrpt.sh BIN RESULTS - domains are told how TLS with their hosts goes
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import nacl' 2>/dev/null || {
	echo "skip tlsrpt: python3-nacl is not installed" >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/tlsrpt.py" --bin "$bin" \
    --folder "$dir" --results "$results"
