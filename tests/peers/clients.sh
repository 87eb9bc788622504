#!/bin/sh
# Real clients against the hub: clients.sh BIN RESULTS
#
# swaks and Postfix's smtp-source send; curl, fetchmail, getmail6, mpop and
# Python's poplib collect, in clear, with STLS and over TLS from the first
# byte.  A client that is not installed is reported as skipped.
set -u
bin=$1 results=$2
. "$(dirname "$0")/hub.sh"

hub_up "$bin" || { echo "fail no hub" >>"$results"; exit 1; }
ca=$dir/hub/etc/tls/certificate.pem

say() {	# pass|fail|skip NAME [WHY]
	echo "$*" >>"$results"
	case $1 in fail) echo "$*" ;; esac
}

has() {	# COMMAND NAME: is the client there?
	command -v "$1" >/dev/null && return 0
	say skip "$2" "$1 is not installed"
	return 1
}

letters() {	# how many letters ann has
	python3 - "$base" <<'PY'
import poplib, sys
box = poplib.POP3("127.0.0.1", int(sys.argv[1]) + 110)
box.user("ann"), box.pass_("secret")
print(box.stat()[0])
box.quit()
PY
}

wait_for() {	# N: until ann has that many
	i=0
	while [ "$(letters)" -lt "$1" ] && [ $i -lt 600 ]; do
		i=$((i + 1)); sleep 0.1
	done
	[ "$(letters)" -eq "$1" ]
}

judge() {	# NAME FILE-OR-FOLDER: did all 8 letters arrive there?
	got=$(cat $2 2>/dev/null | grep -c '^Subject: letter ')
	[ "$got" -eq 8 ] && say pass "$1" || \
	    say fail "$1" "$got of 8 letters"
}

if has swaks swaks; then
	ok=pass
	for n in 1 2 3 4 5 6 7; do
		swaks --server "127.0.0.1:$((base + 25))" --from joe@example.org \
		    --to ann@office.test --header "Subject: letter $n" \
		    --body "body $n" >/dev/null 2>&1 || ok=fail
	done
	swaks --server "127.0.0.1:$((base + 24))" --protocol LMTP \
	    --from joe@example.org --to ann@office.test \
	    --header "Subject: letter 8" --body "body 8" >/dev/null 2>&1 || ok=fail
	wait_for 8 || ok=fail
	say $ok swaks-smtp-and-lmtp
fi
if has curl curl; then
	for how in "pop3 $((base + 110))" "pop3s $((base + 995))"; do
		set -- $how
		for n in 1 2 3 4 5 6 7 8; do
			curl -s --cacert "$ca" -k --user ann:secret \
			    "$1://127.0.0.1:$2/$n" >"$dir/curl.$n"
		done
		judge "curl-$1" "$dir/curl.?"
		rm -f "$dir"/curl.?
	done
	for n in 1 2 3 4 5 6 7 8; do
		curl -s -k --ssl-reqd --user ann:secret --login-options \
		    AUTH=PLAIN "pop3://127.0.0.1:$((base + 110))/$n" \
		    >"$dir/curl.$n"
	done
	judge curl-stls-auth-plain "$dir/curl.?"
fi
if has mpop mpop; then
	mkdir -p "$dir/md/new" "$dir/md/cur" "$dir/md/tmp"
	cat >"$dir/mpoprc" <<-RC
	account a
	host 127.0.0.1
	port $((base + 110))
	user ann
	password secret
	auth user
	tls off
	keep on
	delivery mbox $dir/mpop.mbox
	uidls_file $dir/mpop.uidls
	RC
	chmod 600 "$dir/mpoprc"
	mpop -q -C "$dir/mpoprc" a >/dev/null 2>"$dir/mpop.err"
	judge mpop "$dir/mpop.mbox"
fi
if has fetchmail fetchmail; then
	cat >"$dir/fetchmailrc" <<-RC
	poll 127.0.0.1 service $((base + 110)) protocol pop3 uidl
	  user ann password secret keep fetchall no sslcertck sslproto ''
	  mda "cat >>$dir/fetchmail.mbox"
	RC
	chmod 600 "$dir/fetchmailrc"
	fetchmail -s -f "$dir/fetchmailrc" -i "$dir/fetchids" --pidfile \
	    "$dir/fetchmail.pid" >/dev/null 2>"$dir/fetchmail.err"
	judge fetchmail "$dir/fetchmail.mbox"
fi
if has getmail getmail6; then
	mkdir -p "$dir/getmail"
	: >"$dir/getmail.mbox"
	as_nobody=
	if [ "$(id -u)" -eq 0 ]; then	# it will not deliver as root
		as_nobody="user = nobody"
		chmod 711 "$dir" && chown nobody "$dir/getmail.mbox"
	fi
	cat >"$dir/getmail/getmailrc" <<-RC
	[retriever]
	type = SimplePOP3Retriever
	server = 127.0.0.1
	port = $((base + 110))
	username = ann
	password = secret
	[destination]
	type = Mboxrd
	path = $dir/getmail.mbox
	$as_nobody
	[options]
	delete = false
	read_all = false
	RC
	# what it could not write it says, and takes it the next time, with what
	# it has written and did not note before it ended: that is its own
	for run in 1 2 3; do
		getmail --getmaildir "$dir/getmail" -q >"$dir/getmail.err" 2>&1
		status=$?
		[ $status -ne 0 ] || [ -s "$dir/getmail.err" ] || break
		echo "getmail, run $run, ended with $status:"
		cat "$dir/getmail.err"
	done
	if [ "$run" -gt 1 ]; then
		grep '^Subject: letter ' "$dir/getmail.mbox" | sort -u \
		    >"$dir/getmail.once"
		judge getmail6 "$dir/getmail.once"
	else
		judge getmail6 "$dir/getmail.mbox"
	fi
fi
if has smtp-source smtp-source; then
	smtp-source -s 5 -m 200 -l 2000 -f joe@example.org -t ann@office.test \
	    "inet:127.0.0.1:$((base + 25))" >/dev/null 2>&1 && wait_for 208 &&
	    say pass smtp-source || say fail smtp-source
fi
# one conversation, in which bob comes and goes
python3 - "$bin/postroom" "$conf" "$base" "$dir/password" <<'PY' && \
    say pass who-is-removed-is-unknown-at-once || \
    say fail who-is-removed-is-unknown-at-once
import smtplib, subprocess, sys
postroom, conf, base, password = sys.argv[1:]
smtp = smtplib.SMTP("127.0.0.1", int(base) + 25)
smtp.ehlo("c.example")
smtp.mail("joe@example.org")

def account(*words):
    subprocess.run([postroom, "-c", conf, "account", *words], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

def code():
    return smtp.rcpt("bob@office.test")[0]

codes = [code()]
account("add", "bob@office.test", "--password-file", password)
codes += [code(), code()]
account("remove", "bob@office.test")
codes += [code()]
account("add", "bob@office.test", "--password-file", password)
codes += [code()]
if codes != [550, 250, 250, 550, 250]:
    sys.exit("bob was answered %r" % codes)
PY
"$bin/postroom" -c "$conf" check >/dev/null && say pass check || \
    say fail check
