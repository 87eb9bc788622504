#!/bin/sh
# windows.sh BIN RESULTS - what leaves waits for the line; smtp-sink has the rest
bin=$1 results=$2
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if ! command -v smtp-sink >/dev/null; then
	echo "skip windows: no smtp-sink (Debian: postfix)" >>"$results"
	exit 0
fi
PYTHONDONTWRITEBYTECODE=1 python3 "$here/windows.py" --bin "$bin" \
    --folder "$dir" --results "$results"
