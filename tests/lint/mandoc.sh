#!/bin/sh
#
# mandoc.sh - the manuals have no mistakes that mandoc can see

manuals=$(sh tests/lint/sources '*.[1578]' | grep '^man/')
[ -n "$manuals" ] || exit 0

# shellcheck disable=SC2086
exec mandoc -Tlint -W warning $manuals
