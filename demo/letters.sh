# letters.sh - the mail that waits at the provider; read by demo.sh with "."
#
# Most of it lies in demo/mail and tests/mail.  What is large, or must not lie
# about in a file, is made here.

# remote mailbox, where the message must end, its name
letters='ann.lee	delivered	lunch
ann.lee	delivered	photos
ann.lee	quarantined	invoice
ann.lee	delivered	indonesian
sales	delivered	order
sales	held	favour
sales	delivered	broken
sales	delivered	two-subjects
ben	delivered	japanese
ben	delivered	dots
ben	delivered	forwarded
ben	delivered	no-last-boundary'

# The test virus of EICAR, in pieces: no file of ours is to be found by it.
eicar() {
	printf '%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}' '$EICAR-STANDARD-' \
	    'ANTIVIRUS-TEST-FILE!' '$H+H*'
}

# A signature of ClamAV: name, any type of file, at its beginning, these bytes.
eicar_signature() {
	printf 'Eicar-Test:0:0:'
	eicar | od -An -v -tx1 | tr -d ' \n'
	echo
}

# A message with one attachment, which is read from standard input.
attached() {	# MESSAGE-ID SUBJECT NAME
	cat <<-END
	From: Citra <citra@client.example>
	To: ann.lee@provider.example
	Date: Fri, 20 Nov 2026 16:40:00 +0700
	Message-ID: <$1@client.example>
	Subject: $2
	MIME-Version: 1.0
	Content-Type: multipart/mixed; boundary="=_part"

	--=_part
	Content-Type: text/plain

	See what is attached.
	--=_part
	Content-Type: application/octet-stream; name="$3"
	Content-Disposition: attachment; filename="$3"
	Content-Transfer-Encoding: base64

	END
	base64
	echo "--=_part--"
}

# The message NAME, line ends as they come.
letter() {
	case $1 in
	photos)	head -c 3000000 /dev/urandom |
		    attached photos "Photos of the new office" photos.zip ;;
	invoice) eicar | attached invoice "Your invoice" invoice.com ;;
	*)	cat "$here/mail/$1.eml" 2>/dev/null ||
		    cat "$here/../tests/mail/$1.eml" ;;
	esac
}

# Read the provider's mailboxes; all is how many messages are in them.  What was
# taken by SMTP is there at once, but not in the same moment.
read_provider() {
	all=0 tries=0
	while [ "$all" -ne "$sent" ]; do
		[ $tries -lt 100 ] ||
		    die "of $sent messages the provider has $all"
		[ $tries -eq 0 ] || sleep 0.1
		tries=$((tries + 1))
		all=0
		for remote in ann.lee sales ben; do
			all=$((all +
			    $(count_letters provider "$remote@provider.example")))
		done
	done
	for remote in ann.lee sales ben; do
		read_mailbox provider "$remote@provider.example"
	done
}

# Send all of it to the provider, with CRLF at the end of each line.
letters_send() {
	mkdir "$scratch/letters"
	sent=0
	while read -r remote fate name; do
		letter "$name" | awk '{ sub(/\r$/, ""); printf "%s\r\n", $0 }' \
		    >"$scratch/letters/$name"
		curl --silent --show-error --mail-from someone@client.example \
		    --mail-rcpt "$remote@provider.example" \
		    --upload-file "$scratch/letters/$name" \
		    "smtp://127.0.0.1:$provider_smtp/client.example" ||
			die "the provider does not take $name"
		echo "$(message_id "$scratch/letters/$name") $remote $fate $name"
		sent=$((sent + 1))
	done >"$scratch/expected" <<-END
		$letters
	END
	sent=$(wc -l <"$scratch/expected")
}
