#!/bin/sh
# oauth.sh BIN RESULTS - collecting with access tokens
#
# Dovecot and a token server of ours are the provider (oauth.py); the hub trusts
# the certificate that both show.
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

if ! [ -x /usr/sbin/dovecot ] || ! [ -x /usr/lib/dovecot/pop3 ] ||
    ! [ -x /usr/lib/dovecot/imap ]; then
	echo "skip oauth: Dovecot is not installed" >>"$results"
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "skip oauth: Dovecot needs root" >>"$results"
	exit 0
fi
tls=$(mktemp -d) || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -days 2 -subj "/CN=provider.test" -addext "subjectAltName=IP:127.0.0.1" \
    -keyout "$tls/key.pem" -out "$tls/certificate.pem" 2>/dev/null
chmod 755 "$tls"
hub_edit="s|^tls_ca_file *=.*|tls_ca_file = \"$tls/certificate.pem\"|"
hub_up "$bin" || { echo "fail oauth: no hub" >>"$results"; exit 1; }
mkdir "$dir/peer" && cp -r "$tls" "$dir/peer/tls" && chmod 711 "$dir"
python3 "$(dirname "$0")/oauth.py" --bin "$bin" --conf "$conf" \
    --folder "$dir/peer" --hub "$dir/hub" --log "$dir/log" \
    --results "$results" || tail -n 20 "$dir/log"
rm -rf "$tls"
"$bin/postroom" -c "$conf" check >/dev/null &&
	echo "pass oauth check" >>"$results" ||
	echo "fail oauth check" >>"$results"
