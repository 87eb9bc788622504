#!/bin/sh
# setup.sh BIN RESULTS - what who sets a hub up is told and asked
#
# A network of its own: this machine with a name server, and a mail host.
bin=$1 results=$2
here=$(dirname "$0")

[ "$(id -u)" = 0 ] || {
	echo "skip setup: it takes root" >>"$results"
	exit 0
}
command -v ip >/dev/null || {
	echo "skip setup: iproute2 is not installed" >>"$results"
	exit 0
}
unshare --net true 2>/dev/null || {
	echo "skip setup: no network of its own may be had" >>"$results"
	exit 0
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
PYTHONDONTWRITEBYTECODE=1 unshare --net --mount --pid --fork --kill-child \
    --mount-proc \
    python3 "$here/setup.py" --bin "$bin" --folder "$dir" --results "$results"
