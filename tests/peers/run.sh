#!/bin/sh
# run.sh BIN RESULTS - other people's programs, and real mail, against the hub
#
# With CORPUS=DIR in the environment every file below DIR is a message too, and
# 500 of them are collected from Dovecot.
here=$(dirname "$0")
sh "$here/clients.sh" "$1" "$2"
sh "$here/reload.sh" "$1" "$2" >/dev/null
sh "$here/corpus.sh" "$1" "$2" "$here/../mail"
sh "$here/multipop.sh" "$1" "$2"
sh "$here/imapsource.sh" "$1" "$2"
sh "$here/oauth.sh" "$1" "$2"
sh "$here/etrn.sh" "$1" "$2"
sh "$here/dkim.sh" "$1" "$2"
sh "$here/compose.sh" "$1" "$2"
sh "$here/me.sh" "$1" "$2"
sh "$here/completion.sh" "$1" "$2"
sh "$here/demo.sh" "$1" "$2"
sh "$here/deb.sh" "$1" "$2"
[ -z "${CORPUS:-}" ] || sh "$here/corpus.sh" "$1" "$2" "$CORPUS"
