#!/bin/sh
# deb.sh BIN RESULTS - the Debian package: built, unpacked, and run from there
#
# Nothing is installed: the package is taken apart in a scratch folder, and a
# hub of its own takes and gives a message with the programs found in it.  Run
# in the folder of the Makefile; BIN is not used, make deb has its own.
set -u
results=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/hub.sh"

for tool in dpkg-deb curl; do
	command -v $tool >/dev/null && continue
	echo "skip deb: $tool is not installed" >>"$results"
	exit 0
done

tell() {	# NAME COMMAND ...: passes when the command does
	name=$1
	shift
	if "$@" >>"$out/log" 2>&1; then
		echo "pass deb: $name" >>"$results"
	else
		echo "fail deb: $name" >>"$results"
		tail -n 20 "$out/log"
	fi
}

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
if ! ${MAKE:-make} deb DEB_OUT="$out" >"$out/log" 2>&1; then
	echo "fail deb: make deb" >>"$results"
	tail -n 20 "$out/log"
	exit 1
fi
deb=$(ls "$out"/*.deb)
root=$out/root

has() {	# PATTERN COMMAND ...: does the command say it?
	pattern=$1
	shift
	"$@" | grep -E "$pattern"
}

scripts_parse() {
	for script in preinst postinst prerm postrm; do
		[ ! -e "$out/control/$script" ] ||
		    sh -n "$out/control/$script" || return 1
	done
}

# A script that starts a hub, or deletes mail, is not ours.
scripts_are_modest() {
	! grep -E 'systemctl (start|enable)|invoke (start|restart)|rm -r' \
	    "$out"/control/*
}

# Every program named by the unit, the users and the folders is in there.
unit_runs_what_is_there() {
	program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' \
	    "$root"/lib/systemd/system/postroom.service)
	[ -x "$root$program" ]
}

# BIN of the package instead of the tree's.
round_trip() {
	mkdir "$out/bin"
	ln "$root"/usr/bin/* "$root"/usr/sbin/* "$out/bin"
	hub_up "$out/bin"
	trap 'hub_down; rm -rf "$out"' EXIT
	printf 'From: a@b.example\r\nSubject: deb\r\n\r\nhello\r\n' \
	    >"$dir/letter"
	curl -sS --mail-from a@b.example --mail-rcpt ann@office.test \
	    --upload-file "$dir/letter" "smtp://127.0.0.1:$((base + 25))" ||
		return 1
	tries=0
	until curl -sS --user "ann:$(cat "$dir/password")" \
	    "pop3://127.0.0.1:$((base + 110))/1" | grep '^hello'; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

dpkg-deb --control "$deb" "$out/control"
dpkg-deb --extract "$deb" "$root"
tell "it needs the C library and SQLite" \
    has '^ Depends: .*libc6.*libsqlite3-0' dpkg-deb --info "$deb"
tell "its scripts are shell" scripts_parse
tell "its scripts start nothing and delete no mail" scripts_are_modest
tell "its unit runs a program that is in it" unit_runs_what_is_there
tell "every file of /etc is a conffile" \
    test "$(cd "$root" && find etc -type f | sort | sed 's|^|/|')" = \
    "$(sort "$out/control/conffiles")"
tell "its files belong to root" \
    test -z "$(dpkg-deb --contents "$deb" | grep -v ' root/root ')"
tell "a hub of its programs takes a message and gives it" round_trip
