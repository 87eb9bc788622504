#!/bin/sh
# me.sh BIN RESULTS - the page at /me in headless Chromium, and HTTPS by hand
#
# Chromium is driven through chromedriver, over plain HTTP and with nothing but
# Python's own library.  Its scripts are off where the page is used, and on
# where hostile text tries to run.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

for program in chromium chromedriver; do
	command -v $program >/dev/null && continue
	echo "skip me: $program is not installed" >>"$results"
	exit 0
done
hub_up "$bin" || { echo "fail me: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add budi@office.test --language id \
    --password-file "$dir/password" >/dev/null
python3 "$(dirname "$0")/me.py" --bin "$bin" --conf "$conf" --base "$base" \
    --folder "$dir" --results "$results" || tail -n 20 "$dir/log"
