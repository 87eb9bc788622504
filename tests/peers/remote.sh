#!/bin/sh
# remote.sh BIN RESULTS - what leaves reaches a host that fails at every step
#
# Cut at every 30th byte of a message, with LONG=1 at each.  relay.c is built here,
# against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if ! ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/relay" \
    "$here/relay.c" "$bin/libpostroom.a" $(pkg-config --libs \
    libevent_core openssl sqlite3 libseccomp libconfuse libcrypt jansson \
    libidn2 libutf8proc zlib libpcre2-8) -pthread -lm; then
	echo "fail remote: its tool cannot be built" >>"$results"
	exit 1
fi
PYTHONDONTWRITEBYTECODE=1 python3 "$here/remote.py" --bin "$bin" \
    --tool "$dir/relay" --folder "$dir" --results "$results" \
    --every "$([ -n "${LONG:-}" ] && echo 1 || echo 30)"
