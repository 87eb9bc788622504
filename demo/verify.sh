# verify.sh - where each message ended; read by demo.sh with "."
#
# The measure is what the provider had before collecting.  A message counts as
# delivered when a letter with its Message-ID is in the right mailbox, once, and
# is the provider's letter byte for byte below the lines that the hub put in
# front; as held or quarantined when the list of holds has it, with that many
# bytes.  All else is lost.

fetched=0 delivered=0 held=0 quarantined=0 lost=0

# Count what the last collection, as it was shown, says that it took.
count_fetched() {
	awk '/ messages? collected / {
		sub(/.*: /, "")
		gsub(/[,.]/, "", $1)
		n += $1
	    }
	    END { print n + 0 }' "$scratch/said"
}

# What is held, "ID held|quarantined BYTES" a line, into $scratch/holds.
read_holds() {
	office --json hold list >"$scratch/holds.json" 2>&1 ||
	    die "$(cat "$scratch/holds.json")"
	# one hold a line; its fields are in any order
	tr '{' '\n' <"$scratch/holds.json" | awk '
	    function field(name) {
		if (!match($0, "\"" name "\": *(\"[^\"]*\"|[0-9]+)"))
			return ""
		value = substr($0, RSTART, RLENGTH)
		sub(/[^:]*: */, "", value)
		gsub(/"/, "", value)
		return value
	    }
	    field("id") != "" { print field("id"), field("state"), field("bytes") }
	    ' >"$scratch/holds"
}

# Until everything is somewhere; delivery follows collecting at once, but not in
# the same moment.
wait_for_all() {
	tries=0
	while read_holds; do
		here_now=$(($(count_letters office ann@office.test) +
		    $(count_letters office ben@office.test) +
		    $(wc -l <"$scratch/holds")))
		[ $here_now -lt "$all" ] && [ $tries -lt 30 ] || break
		tries=$((tries + 1))
		sleep 0.1
	done
}

# What is here, into $scratch/index, "WHERE MESSAGE-ID REST" a line.  WHERE is
# an account, and REST the file of the letter; or held or quarantined, and REST how
# many bytes.
read_office() {
	for account in ann ben; do
		read_mailbox office "$account@office.test"
		for file in "$scratch/mail/office/$account@office.test"/*; do
			[ -f "$file" ] || continue
			echo "$account $(message_id "$file") $file"
		done
	done >"$scratch/index"
	while read -r id state bytes; do
		office hold show "$id" >"$scratch/shown" 2>&1 ||
		    mismatch "$id is held, and cannot be shown"
		echo "$state $(message_id "$scratch/shown") $bytes"
	done <"$scratch/holds" >>"$scratch/index"
}

# Is the letter HERE the provider's letter THERE below lines of the hub's?
same_letter() {	# HERE THERE
	size=$(wc -c <"$2")
	front=$(($(wc -c <"$1") - size))
	[ $front -gt 0 ] || return 1
	tail -c "$size" "$1" | cmp -s - "$2" || return 1
	! head -c $front "$1" | tr -d '\r' | grep -v '^[ 	]' |
	    grep -Eqv '^(Return-Path|Delivered-To|Received|X-Postroom-[A-Za-z-]+): '
}

# Set fate to what became of the message MESSAGE-ID for ACCOUNT, FILE there.
find_fate() {	# MESSAGE-ID ACCOUNT FILE
	fate=lost
	awk -v id="$1" '$2 == id' "$scratch/index" >"$scratch/found"
	while read -r where _ rest; do
		[ $fate = lost ] || mismatch "<$1> is here twice"
		case $where in
		held | quarantined)
			fate=$where
			[ "$rest" -eq "$(wc -c <"$3")" ]
			;;
		"$2")
			fate=delivered
			same_letter "$rest" "$3"
			;;
		*)
			mismatch "<$1> is with $where"
			;;
		esac || mismatch "<$1> is not what the provider had"
	done <"$scratch/found"
}

account_for_one() {	# REMOTE ACCOUNT FILE
	id=$(message_id "$3")
	find_fate "$id" "$2" "$3"
	eval "$fate=\$(($fate + 1))"
	case $fate in
	delivered)	where="delivered to $2" ;;
	*)		where=$fate ;;
	esac
	printf '   %-8s  %-33s %8d  %s\n' "$1" "<$id>" "$(wc -c <"$3")" "$where"
	wanted=$(awk -v id="$id" '$1 == id { print $3 }' "$scratch/expected")
	[ "$wanted" = "$fate" ] || mismatch "<$id> should have been $wanted"
}

account_for_all() {
	wait_for_all
	read_office
	printf '   %-8s  %-33s %8s\n' mailbox message bytes
	while read -r remote account; do
		for file in \
		    "$scratch/mail/provider/$remote@provider.example"/*; do
			account_for_one "$remote" "$account" "$file"
		done
	done <<-END
		$remotes
	END
	there=$(wc -l <"$scratch/index")
	[ "$there" -eq $((delivered + held + quarantined)) ] ||
	    mismatch "there are $there messages here"
	[ "$fetched" -eq "$all" ] ||
	    mismatch "$fetched of $all messages were fetched"
	[ $lost -eq 0 ] || mismatch "$lost of $all messages are lost"
}

# Show the life of the message with that subject.  The trail is written in
# batches, about a second after a step.
trail_of() {	# SUBJECT STEP
	tries=0
	until office trace "$1" 2>/dev/null | grep -q "$2"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] ||
		    { mismatch "the trail does not come to \"$2\""; break; }
		sleep 0.1
	done
	show_as "trace \"$1\"" trace "$1"
}
