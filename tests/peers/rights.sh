#!/bin/sh
# rights.sh BIN RESULTS - who may ask what, and postroom --server
#
# The requests are those of the table in policy/admin.c, every one of them.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

tls=$(mktemp -d) || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -days 2 -subj "/CN=provider.test" -addext "subjectAltName=IP:127.0.0.1" \
    -keyout "$tls/key.pem" -out "$tls/certificate.pem" 2>/dev/null
chmod 755 "$tls"
hub_edit="s|^tls_ca_file *=.*|tls_ca_file = \"$tls/certificate.pem\"|
s|^people_fetch_hosts *=.*|people_fetch_hosts = \"127.0.0.1\"|"
hub_up "$bin" || { echo "fail rights: no hub" >>"$results"; exit 1; }
"$bin/postroom" -c "$conf" account add budi@office.test \
    --password-file "$dir/password" >/dev/null
python3 "$(dirname "$0")/rights.py" --bin "$bin" --conf "$conf" \
    --base "$base" --folder "$dir" --tls "$tls" --results "$results" ||
	tail -n 20 "$dir/log"
rm -rf "$tls"
