#!/bin/sh
# smarthosts.sh BIN RESULTS - domains and people with a smarthost of their own
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

PYTHONDONTWRITEBYTECODE=1 "$python" "$here/smarthosts.py" --bin "$bin" \
    --folder "$dir" --results "$results"
