#!/bin/sh
#
# run.sh BIN RESULTS - hurt the hub built in BIN, in every way of this folder
#
# LONG=1 sweeps every system call and takes more seeds; of it SOAK_MINUTES says
# how long soak lasts, if not half an hour.  ONLY=NAME runs the tests whose names
# begin so, SEED=N begins with another seed, KEEP=1 leaves the folders of what
# failed.  Results are lines "pass|fail|skip NAME".

here=$(dirname "$0")
bin=$1
results=$2
relaxed=${RELAXED:-$(dirname "$bin")/relaxed}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

set -- --bin "$bin" --results "$results" --seed "${SEED:-1}"
if [ -x "$relaxed/postroomd" ] && ${CC:-cc} -D_GNU_SOURCE -O2 -shared -fPIC \
    -o "$scratch/forget.so" "$here/forget.c" -ldl; then
	set -- "$@" --relaxed "$relaxed" --shim "$scratch/forget.so"
fi
[ -z "$LONG" ] || set -- "$@" --long
[ -z "$ONLY" ] || set -- "$@" --only "$ONLY"
[ -z "$KEEP" ] || set -- "$@" --keep
PYTHONDONTWRITEBYTECODE=1 python3 "$here/run.py" "$@"
