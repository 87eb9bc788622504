#!/bin/sh
# sts.sh BIN RESULTS - what domains want of who brings their mail is held to
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import nacl' 2>/dev/null || {
	echo "skip sts: python3-nacl is not installed" >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/sts.py" --bin "$bin" \
    --folder "$dir" --results "$results"
