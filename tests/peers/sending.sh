#!/bin/sh
# sending.sh BIN RESULTS - people send to other domains, and nobody else does
#
# What leaves is looked at in smtp-sink, which stands for the smarthost.
bin=$1 results=$2
here=$(dirname "$0")
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

for tool in smtp-sink swaks; do
	command -v $tool >/dev/null || {
		echo "skip sending: $tool is not installed" >>"$results"
		exit 0
	}
done
"$python" -c 'import dkim, nacl' 2>/dev/null || {
	echo "skip sending: python3-dkim or python3-nacl is not installed" \
	    >>"$results"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 "$python" "$here/sending.py" --bin "$bin" \
    --folder "$dir" --results "$results"
