#!/bin/sh
# relay.sh BIN RESULTS - what leaves reaches smtp-sink, once, whoever is killed
#
# relay.c is built here, against the archive that the programs are made of.
bin=$1 results=$2
here=$(dirname "$0")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if ! command -v smtp-sink >/dev/null; then
	echo "skip relay: no smtp-sink (Debian: postfix)" >>"$results"
	exit 0
fi
if ! ${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/relay" \
    "$here/relay.c" "$bin/libpostroom.a" $(pkg-config --libs \
    libevent_core openssl sqlite3 libseccomp libconfuse libcrypt jansson \
    libidn2 libutf8proc zlib libpcre2-8) -pthread -lm; then
	echo "fail relay: its tool cannot be built" >>"$results"
	exit 1
fi
PYTHONDONTWRITEBYTECODE=1 python3 "$here/relay.py" --bin "$bin" \
    --tool "$dir/relay" --folder "$dir" --results "$results"
