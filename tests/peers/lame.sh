#!/bin/sh
# lame.sh BIN RESULTS - what broken name servers say ends no mail
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import nacl' 2>/dev/null || {
	echo "skip lame: python3-nacl is not installed" >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/lame.py" --bin "$bin" \
    --folder "$dir" --results "$results"
