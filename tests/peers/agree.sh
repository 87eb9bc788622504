#!/bin/sh
# agree.sh BIN RESULTS FOLDER - who sent 2,000 messages of a folder, by all
#
# The checkers are built here, against the archive that the programs are made
# of.
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
for checker in spf dkim arc dmarc; do
	${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$dir/$checker" \
	    "$here/$checker.c" "$bin/libpostroom.a" -lcrypto -lidn2 || {
		echo "fail $name: $checker.c is not built" >>"$results"
		exit 1
	}
done
mkdir "$dir/scratch"
base=$("$python" "$here/../ports.py")
if "$python" "$here/agree.py" --bin "$dir" --scratch "$dir/scratch" \
    --port $((base + 25)) "$folder" >"$dir/out" 2>&1; then
	echo "pass $name" >>"$results"
else
	echo "fail $name" >>"$results"
fi
tail -n 60 "$dir/out"
