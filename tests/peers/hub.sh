# hub.sh - start a hub of our own for a test; to be read with "."
#
# hub_up BIN: sets dir (a scratch folder, removed at the end), conf, base (the
# port base) and hub (its process), with the account ann and, in the file
# $dir/password, her password "secret".  With $hub_edit sed changes
# its configuration.

hub_down() {
	[ -n "${hub:-}" ] && kill "$hub" 2>/dev/null
	wait
	rm -rf "$dir"
}

hub_up() {
	dir=$(mktemp -d) && trap hub_down EXIT
	base=$(PYTHONDONTWRITEBYTECODE=1 python3 \
	    "$(dirname "$0")/../ports.py") || return 1
	conf=$dir/hub/etc/postroom.conf
	echo secret >"$dir/password"
	"$1/postroom" setup --dir "$dir/hub" --domain office.test \
	    --port-base "$base" --yes >/dev/null || return 1
	[ -z "${hub_edit:-}" ] || sed -i "$hub_edit" "$conf" || return 1
	"$1/postroom" -c "$conf" account add ann@office.test \
	    --password-file "$dir/password" >/dev/null || return 1
	"$1/postroomd" -f -c "$conf" >"$dir/log" 2>&1 &
	hub=$!
	tries=0
	until grep -q ready "$dir/log"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}
