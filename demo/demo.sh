#!/bin/sh
#
# demo.sh BIN - see Postroom at work: make demo, or make demo DEMO=once
#
# BIN is the folder of the programs.  Two hubs are made in a scratch folder: one
# plays the provider, with three remote mailboxes and mail in them; the other is
# the office, which collects that mail, examines it and keeps it.  Then every
# message is followed to where it ended: delivered, byte for byte below the
# lines that the hub put in front; held; or in quarantine.
#
# Nothing here needs root or leaves loopback.  With DEMO=once in the environment
# it ends by itself, else it stays up until Ctrl-C.  The folder is removed at
# the end, and kept when something was not as it should be.
#
# Exit status: 0 all messages are accounted for, 1 not.
#
# For tests: DEMO_MEDDLE is a command that is run between the counting of the
# remote mail and its collecting.  It finds PROVIDER_POP3, PROVIDER_SMTP and, in
# DEMO_LOGINS, a file of curl's options for each mailbox.

set -u
LC_ALL=C
export LC_ALL
umask 077

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd) || exit 1
once=${DEMO:-}
wrong=0		# things that are not as they should be

. "$here/hubs.sh"
. "$here/letters.sh"
. "$here/verify.sh"

say() {
	printf '%s\n' "$*"
}

# Something is not as it should be: say it, and go on.
mismatch() {
	wrong=$((wrong + 1))
	say "   WRONG: $*"
}

die() {
	say "demo: $*" >&2
	say "demo: what is left of it is in $scratch" >&2
	wrong=$((wrong + 1))
	exit 1
}

# Run a command of the office's hub, show it as a person types it, or as SHOWN
# says, and what it says itself.
show_as() {	# SHOWN COMMAND ...
	shown=$1
	shift
	say "   \$ postroom $shown"
	office "$@" </dev/null >"$scratch/said" 2>&1
	status=$?
	sed 's/^/     /' "$scratch/said"
	return $status
}

show() {
	show_as "$*" "$@"
}

# --- beginning and end ---------------------------------------------------

clean_up() {
	trap - EXIT
	trap '' INT TERM HUP
	hubs_down
	[ $wrong -eq 0 ] || exit 1
	rm -rf "$scratch"
	exit 0
}

for tool in curl openssl; do
	command -v $tool >/dev/null ||
	    { say "demo: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
scratch=$(mktemp -d "${TMPDIR:-/tmp}/postroom-demo.XXXXXX") || exit 1
trap clean_up EXIT
trap 'exit 0' INT TERM HUP
cd "$scratch" || die "there is no folder $scratch"

say "A demonstration of Postroom, in $scratch, on this machine only."
say

# --- 1. the provider -----------------------------------------------------

# The remote mailboxes, and for whom here each of them is collected.
remotes='ann.lee ann
sales ann
ben ben'

hub_up provider provider.example 22000
for remote in ann.lee sales ben; do
	account_add provider "$remote@provider.example"
done
letters_send

# What the provider has is the measure of everything below.
read_provider

say "1. A second Postroom plays the provider, provider.example."
say "   POP3 is on port $provider_pop3.  In its mailboxes are $all messages:"
show_remotes() {
	for remote in ann.lee sales ben; do
		curl_pop3 provider "$remote@provider.example" "" |
		    awk -v name="$remote@provider.example" '
		    NF == 2 { n++; bytes += $2 }
		    END { printf "     %-26s %3d messages %9d bytes\n",
			name, n, bytes }'
	done
}
show_remotes
say

# --- 2. the office -------------------------------------------------------

hub_up office office.test 23000
for account in ann ben; do
	account_add office "$account@office.test"
done
say "2. The hub of the office, office.test, with accounts for Ann and Ben."
say "   It knows one virus, the test virus EICAR, and one rule:"
sed -n '/^rule/,$s/^/     /p' "$scratch/office/etc/rules/office.rule"
say

# --- 3. where the mail waits ---------------------------------------------

say "3. Ann has mail in two remote mailboxes, Ben in one.  The provider's"
say "   certificate is signed by nobody we know, so it is pinned."
add_remote() {	# SHOWN REMOTE ACCOUNT OPTION ...
	shown=$1 remote=$2 account=$3
	shift 3
	show_as "$shown" fetch add "$account@office.test" --label "$remote" \
	    --host 127.0.0.1 --port "$provider_pop3" --tls starttls \
	    --pin "$pin" --user "$remote@provider.example" \
	    --password-file "password.$remote@provider.example" --all "$@" ||
		die "that did not work"
}
pin=$(openssl x509 -in "$scratch/provider/etc/tls/certificate.pem" -noout \
    -fingerprint -sha256) || die "the certificate has no fingerprint"
pin=$(printf '%s' "${pin#*=}" | tr -d : | tr A-F a-f)
add_remote "fetch add ann@office.test --label ann.lee \\
       --host 127.0.0.1 --port $provider_pop3 --tls starttls \\
       --pin $pin \\
       --user ann.lee@provider.example --password-file FILE \\
       --all --delete-after 0" ann.lee ann --delete-after 0
add_remote "fetch add ann@office.test --label sales ... --keep" \
    sales ann --keep
add_remote "fetch add ben@office.test --label ben ... --delete-after 7" \
    ben ben --delete-after 7
say

# --- 4. collecting -------------------------------------------------------

if [ -n "${DEMO_MEDDLE:-}" ]; then
	PROVIDER_POP3=$provider_pop3 PROVIDER_SMTP=$provider_smtp \
	    DEMO_LOGINS=$scratch/login sh -c "$DEMO_MEDDLE" ||
		die "$DEMO_MEDDLE failed"
fi
say "4. Collect.  A message is deleted there only when it is safe here."
show fetch now || mismatch "a collection failed"
fetched=$(count_fetched)
show fetch list || mismatch "the list cannot be shown"
say "   Once more: nothing comes over the line twice."
show fetch now || mismatch "a collection failed"
say "   What the provider has now:"
show_remotes
say

# --- 5. what became of it ------------------------------------------------

say "5. What waits for the postmaster: nobody reads it unless it is released."
show hold list || mismatch "the list cannot be shown"
say
say "6. Where each message ended.  Delivered is byte for byte what the provider"
say "   had, below the lines that the hub puts in front."
account_for_all
say
say "7. The trail of a message, from the number that the provider gave it:"
trail_of "Photos of the new office" delivered
say
say "8. The letters of Ann, as her mail program sees them:"
password=$(cat "$scratch/password.ann@office.test")
say "   \$ curl -u ann:$password pop3://127.0.0.1:$office_pop3/"
curl_pop3 office ann@office.test "" | tr -d '\r' | sed 's/^/     /'
say
show check || mismatch "the hub does not agree with itself"
say

# --- the end -------------------------------------------------------------

stay_up() {
	ann=ann:$(cat "$scratch/password.ann@office.test")
	ben=ben:$(cat "$scratch/password.ben@office.test")
	cat <<-END
	Both hubs stay up until Ctrl-C.  In another terminal:

	   hub=127.0.0.1 conf=$scratch/office/etc/postroom.conf
	   curl -u $ann pop3://\$hub:$office_pop3/1
	   curl -u $ben pop3://\$hub:$office_pop3/
	   printf 'Subject: hello\\n\\nIt works.\\n' | curl -sS --crlf -T - \\
	       --mail-from me@client.example --mail-rcpt ann@office.test \\
	       smtp://\$hub:$office_smtp
	   $bin/postroom -c \$conf status
	   $bin/postroom -c \$conf hold list
	   $bin/postroom -c \$conf trace ann@office.test

	A mail program finds POP3 on port $office_pop3 (STLS) or $office_pop3s (TLS),
	and SMTP on port $office_smtp, for mail to office.test.
	The provider has POP3 on port $provider_pop3 and SMTP on $provider_smtp; what
	you send there for ann.lee@provider.example is collected with

	   $bin/postroom -c \$conf fetch now

	END
	while kill -0 "$office_pid" 2>/dev/null &&
	    kill -0 "$provider_pid" 2>/dev/null; do
		sleep 1
	done
	mismatch "a hub has ended by itself"
	tail -n 5 "$scratch/office.log" "$scratch/provider.log"
}

[ $wrong -eq 0 ] ||
    say "$wrong things are WRONG above; what is left of it is in $scratch."
say "demo: $fetched fetched, $delivered delivered, $held held," \
    "$quarantined quarantined, $lost lost"
if [ "$once" != once ] && [ $wrong -eq 0 ]; then
	say
	stay_up
fi
