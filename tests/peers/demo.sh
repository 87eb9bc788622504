#!/bin/sh
# demo.sh BIN RESULTS - the demonstration tells the truth, also of what is wrong
#
# It runs as in the README; then with the provider meddled with between the
# counting of its mail and the collecting, so that the demonstration must fail.
# Run in the folder of the Makefile.
set -u
bin=$1 results=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

command -v curl >/dev/null && command -v openssl >/dev/null || {
	echo "skip demo: curl or openssl is not installed" >>"$results"
	exit 0
}

demo() {	# MEDDLE COMMAND ...: its words go to $out/said
	DEMO=once DEMO_MEDDLE=$1 TMPDIR=$out timeout 120 "$2" "$3" "$4" \
	    >"$out/said" 2>&1
}

verdict() {	# NAME 0|1
	if [ "$2" -eq 0 ]; then
		echo "pass demo: $1" >>"$results"
	else
		echo "fail demo: $1" >>"$results"
		tail -n 30 "$out/said"
	fi
}

# The last line, when it is of the one form.
last_line() {
	tail -n 1 "$out/said" | grep -E '^demo: [0-9]+ fetched, [0-9]+ delivered, [0-9]+ held, [0-9]+ quarantined, [0-9]+ lost$'
}

is_whole() {
	last_line | awk '{
		exit !($2 > 9 && $2 == $4 + $6 + $8 && $6 > 0 && $8 > 0 &&
		    $10 == 0)
	}'
}

# A command for curl at the provider, as the owner of the mailbox sales.
at_sales='curl -s -S -K "$DEMO_LOGINS.sales@provider.example"'
# The message with number 1 goes.
remove="$at_sales"' -X DELE --list-only "pop3://127.0.0.1:$PROVIDER_POP3/1"'
# The same, and it comes again with another text.
alter="$at_sales"' -o altered "pop3://127.0.0.1:$PROVIDER_POP3/1" &&
	sed -i "s/boxes/bombs/" altered && '"$remove"' &&
	curl -s -S -T altered --mail-from a@client.example \
	    --mail-rcpt sales@provider.example \
	    "smtp://127.0.0.1:$PROVIDER_SMTP/client.example"'

# The whole seconds of a processor in what times says of the commands so far.
seconds() {
	awk 'NR == 2 {
		gsub(/[ms]/, " ")
		print int($1 * 60 + $2 + $3 * 60 + $4)
	}' "$1"
}

demo "" "${MAKE:-make}" -s demo && is_whole
verdict "make demo DEMO=once accounts for every message" $?
# What the clock says is the matter of whatever else runs on this machine.
times >"$out/times"
used=$(seconds "$out/times")
rm "$out/times"
test "$used" -ge 1 && test "$used" -lt 20
verdict "it takes less than 20 seconds of a processor" $?
test "$(ls "$out")" = said
verdict "it leaves nothing behind" $?

! demo "$remove" sh demo/demo.sh "$bin" && last_line | grep -q ' 1 lost$'
verdict "a message that is gone at the provider is counted as lost" $?
! demo "$alter" sh demo/demo.sh "$bin" &&
    grep -q 'WRONG: <order@client.example> is not what the provider had' \
    "$out/said"
verdict "a message that is not the same is found" $?
! demo "exit 1" sh demo/demo.sh "$bin"
verdict "what stops it half-way is no success" $?
