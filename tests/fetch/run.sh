#!/bin/sh
#
# run.sh BIN RESULTS - collecting, from providers that do everything wrong
#
# LONG=1 takes more seeds, ONLY=NAME the tests whose names begin so, SEED=N
# another seed; KEEP=1 leaves the folder of the hub when something failed.
# Results are lines "pass|fail|skip NAME".

here=$(dirname "$0")
bin=$1
results=$2

command -v openssl >/dev/null || {
	echo "skip collecting: openssl is not installed" >>"$results"
	exit 0
}
set -- --bin "$bin" --results "$results" --seed "${SEED:-1}"
[ -z "${LONG:-}" ] || set -- "$@" --long
[ -z "${ONLY:-}" ] || set -- "$@" --only "$ONLY"
[ -z "${KEEP:-}" ] || set -- "$@" --keep
PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/run.py" "$@"
