# hubs.sh - the two hubs of the demonstration; read by demo.sh with "."
#
# A hub NAME lives in $scratch/NAME, logs to $scratch/NAME.log, and sets
# NAME_pop3 and NAME_smtp, its ports.  Ports are taken by starting on them: when
# one is in use, the hub is made again a hundred higher.

provider_pid=
office_pid=

provider() {
	"$bin/postroom" -c "$scratch/provider/etc/postroom.conf" "$@"
}

office() {
	"$bin/postroom" -c "$scratch/office/etc/postroom.conf" "$@"
}

# Change option $2 to $3 in the configuration of hub $1.
set_option() {
	conf=$scratch/$1/etc/postroom.conf
	sed "s|^$2 = .*|$2 = $3|" "$conf" >"$conf.new" &&
	    cat "$conf.new" >"$conf" && rm "$conf.new"
	grep -q "^$2 = $3\$" "$conf" || die "$conf has no option $2"
}

hub_make() {	# NAME DOMAIN BASE
	rm -rf "${scratch:?}/$1"
	"$bin/postroom" setup --dir "$scratch/$1" --domain "$2" \
	    --port-base "$3" --yes >"$scratch/setup.log" 2>&1 ||
		{ cat "$scratch/setup.log"; die "no hub could be made"; }
	# A dozen messages need no room for an office.
	set_option "$1" journal_segment_bytes 8MiB
	set_option "$1" letters_segment_bytes 8MiB
	set_option "$1" ballast_bytes 1MiB
	set_option "$1" free_bytes 32MiB
	mkdir -p "$scratch/$1/etc/rules" "$scratch/$1/etc/signatures"
	set_option "$1" rules_dir "\"$scratch/$1/etc/rules\""
	[ "$1" = office ] || return 0
	set_option office scan_signatures "\"$scratch/office/etc/signatures\""
	cp "$here/office.rule" "$scratch/office/etc/rules"
	eicar_signature >"$scratch/office/etc/signatures/eicar.ndb"
}

# Wait until hub NAME with process PID is ready: 0; or has ended: 1.
hub_wait() {
	tries=0
	until grep -q 'parent: ready' "$scratch/$1.log"; do
		kill -0 "$2" 2>/dev/null || return 1
		tries=$((tries + 1))
		[ $tries -lt 300 ] || die "hub $1 does not become ready"
		sleep 0.1
	done
}

hub_up() {	# NAME DOMAIN BASE
	base=$3
	while :; do
		hub_make "$1" "$2" "$base"
		: >"$scratch/$1.log"
		"$bin/postroomd" -f -c "$scratch/$1/etc/postroom.conf" \
		    >"$scratch/$1.log" 2>&1 </dev/null &
		eval "$1_pid=$!"
		hub_wait "$1" $! && break
		if ! grep -q 'Address already in use' "$scratch/$1.log" ||
		    [ "$base" -ge $(($3 + 2000)) ]; then
			cat "$scratch/$1.log"
			die "hub $1 does not start"
		fi
		base=$((base + 100))
	done
	eval "$1_smtp=$((base + 25)) $1_pop3=$((base + 110))" \
	    "$1_pop3s=$((base + 995))"
}

# End both in good order, the office first.
hubs_down() {
	for pid in $office_pid $provider_pid; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
}

# An account with a password of its own: $scratch/password.ADDRESS has it, and
# $scratch/login.ADDRESS has it as an option of curl.
account_add() {	# HUB ADDRESS
	password=$(od -An -N 6 -tx1 /dev/urandom | tr -d ' \n')
	printf '%s\n' "$password" >"$scratch/password.$2"
	printf 'user = "%s:%s"\n' "$2" "$password" >"$scratch/login.$2"
	"$1" account add "$2" --password-file "$scratch/password.$2" \
	    >"$scratch/setup.log" 2>&1 ||
		{ cat "$scratch/setup.log"; die "no account $2"; }
}

curl_pop3() {	# HUB ADDRESS WHAT [OPTION ...]
	eval "url=pop3://127.0.0.1:\$$1_pop3/$3"
	login=$scratch/login.$2
	shift 3
	curl --silent --show-error --config "$login" "$@" "$url"
}

count_letters() {	# HUB ADDRESS
	curl_pop3 "$1" "$2" "" | grep -c '^[0-9]'
}

# Every letter of a mailbox into $scratch/mail/HUB/ADDRESS/NUMBER.
read_mailbox() {	# HUB ADDRESS
	folder=$scratch/mail/$1/$2
	rm -rf "$folder"
	mkdir -p "$folder"
	count=$(count_letters "$1" "$2")
	[ "$count" -gt 0 ] || return 0
	curl_pop3 "$1" "$2" "[1-$count]" --output "$folder/#1" ||
		die "the mailbox of $2 cannot be read"
}

# The Message-ID of the message in file $1, without its brackets: the first such
# line, whatever a command has shown before it.
message_id() {
	awk 'tolower($1) == "message-id:" {
		gsub(/[<>\r]/, "", $2)
		print $2
		exit
	    }' "$1"
}
