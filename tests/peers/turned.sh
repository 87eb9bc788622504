#!/bin/sh
# turned.sh BIN RESULTS - hosts take the mail of their domains with ATRN
#
# fetchmail (proto ODMR), our own client in a second hub, and one that counts what
# it took while the hub's roles are killed.
bin=$1 results=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/turned.py" --bin "$bin" \
    --folder "$dir" --results "$results"
