#!/bin/sh
# agree.sh BIN RESULTS FOLDER - who sent 2,000 messages of a folder, by all
#
# The checkers are built here (checkers.sh).
bin=$1 results=$2 folder=$3
here=$(dirname "$0")
name="of mail of $(basename "$folder") others say who sent it, as we do"
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$python" -c 'import dkim, authres, nacl' 2>/dev/null || {
	echo "skip $name: python3-dkim, python3-authres or python3-nacl is" \
	    "not installed" >>"$results"
	exit 0
}
. "$here/checkers.sh"
why=$(build_checkers "$bin" "$dir" spf dkim arc dmarc)
[ -z "$why" ] || {
	echo "fail $name: $why" >>"$results"
	exit 1
}
mkdir "$dir/scratch"
base=$("$python" "$here/../ports.py")
if "$python" "$here/agree.py" --bin "$dir" --scratch "$dir/scratch" \
    --port $((base + 25)) "$folder" >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
else
	echo "fail $name" >>"$results"
fi
tail -n 60 "$dir/out"
