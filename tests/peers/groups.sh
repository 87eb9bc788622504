#!/bin/sh
# groups.sh BIN RESULTS - aliases, lists and mail that is sent on, to a host elsewhere
bin=$1 results=$2
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

PYTHONDONTWRITEBYTECODE=1 python3 "$here/groups.py" --bin "$bin" \
    --folder "$dir" --results "$results"
