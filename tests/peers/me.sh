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
tls=$(mktemp -d) || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -days 2 -subj "/CN=provider.test" -addext "subjectAltName=IP:127.0.0.1" \
    -keyout "$tls/key.pem" -out "$tls/certificate.pem" 2>/dev/null
chmod 755 "$tls"
hub_edit="s|^tls_ca_file *=.*|tls_ca_file = \"$tls/certificate.pem\"|"
hub_up "$bin" || { echo "fail me: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add budi@office.test --language id \
    --password-file "$dir/password" >/dev/null
echo 'rule "look" { header Subject /hold me/; do hold "somebody looks at it" }' \
    >"$dir/hub/etc/rules/held.rule"
kill -HUP "$hub"
until [ "$(grep -c ready "$dir/log")" -gt 1 ]; do
	sleep 0.1
done
for tests in me.py me_imap.py; do
	python3 "$(dirname "$0")/$tests" --bin "$bin" --conf "$conf" \
	    --base "$base" --folder "$dir" --tls "$tls" \
	    --results "$results" || tail -n 20 "$dir/log"
done
rm -rf "$tls"
