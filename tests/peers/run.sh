#!/bin/sh
# run.sh BIN RESULTS - other people's programs, and real mail, against the hub
#
# With CORPUS=DIR in the environment every file below DIR is a message too, and
# 500 of them are collected from Dovecot; with SUITE=FILE a published suite of
# SPF, ARC or DMARC is played.  Each part has a hub of its own and
# mostly waits for it: three run side by side.  What they say comes in order.
here=$(dirname "$0")
parts="groups gateway turned seal demo deb clients reload corpus multipop imapsource oauth etrn dkim arc
compose structure leaving sections order recent imap scram packing day me
rights hidden relay remote submission sending dane sts tlsrpt lame smarthosts devices windows
completion setup import acl repair spam rule removal rehearse undo digest clamd
rspamd"
said=$(mktemp -d) || exit 1
trap 'rm -rf "$said"' EXIT
trap 'exit 1' HUP INT TERM

printf '%s\n' $parts | xargs -P 3 -I PART sh -c \
    'sh "$1/PART.sh" "$2" "$3" "$1/../mail" >"$4/PART" 2>&1' \
    - "$here" "$1" "$2" "$said"
rm -f "$said/reload"	# it says what its clients say
for part in $parts; do
	[ ! -f "$said/$part" ] || cat "$said/$part"
done
[ -z "${CORPUS:-}" ] || sh "$here/corpus.sh" "$1" "$2" "$CORPUS"
[ -z "${CORPUS:-}" ] || sh "$here/agree.sh" "$1" "$2" "$CORPUS"
[ -z "${SUITE:-}" ] || sh "$here/suite.sh" "$1" "$2" "$SUITE"
