#!/bin/sh
# dane.sh BIN RESULTS - what hosts publish of their certificates is held to
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import nacl' 2>/dev/null || {
	echo "skip dane: python3-nacl is not installed" >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/dane.py" --bin "$bin" \
    --folder "$dir" --results "$results"
