#!/bin/sh
# corpus.sh BIN RESULTS FOLDER - the messages of a folder, SMTP in, POP3 out
bin=$1 results=$2 folder=$3
. "$(dirname "$0")/hub.sh"
name="mail of $(basename "$folder") comes back byte for byte"

hub_up "$bin" || { echo "fail $name: no hub" >>"$results"; exit 1; }
if python3 "$(dirname "$0")/corpus.py" --smtp $((base + 25)) \
    --pop3 $((base + 110)) --user ann@office.test \
    --password "$dir/password" "$folder" >"$dir/out" 2>&1 &&
    "$bin/postroom" -c "$conf" check >>"$dir/out"; then
	echo "pass $name" >>"$results"
	tail -n 1 "$dir/out"
else
	echo "fail $name" >>"$results"
	tail -n 20 "$dir/out" "$dir/log"
fi
