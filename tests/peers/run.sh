#!/bin/sh
# run.sh BIN RESULTS - other people's programs, and real mail, against the hub
#
# With CORPUS=DIR in the environment every file below DIR is a message too.
here=$(dirname "$0")
sh "$here/clients.sh" "$1" "$2"
sh "$here/reload.sh" "$1" "$2" >/dev/null
sh "$here/corpus.sh" "$1" "$2" "$here/../mail"
[ -z "${CORPUS:-}" ] || sh "$here/corpus.sh" "$1" "$2" "$CORPUS"
