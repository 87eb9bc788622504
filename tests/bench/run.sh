#!/bin/sh
#
# run.sh BIN [OPTION ...] - the hub beside Postfix and Dovecot, as a table
#
# As root the whole of it runs in process and mount namespaces of its own, on
# a journaled ext4 in a file: when its first process ends, however it ends,
# every server in there is killed and the file system is gone.  Without root
# the hub is measured alone, in the file system of the temporary folder.

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:?the folder of the programs}" && pwd) || exit 2
shift

IMAGE_SIZE=8G		# sparse; a run fills about a half of it
export PYTHONDONTWRITEBYTECODE=1

if [ "${BENCH_INSIDE:-}" ]; then
	disk=$BENCH_INSIDE/disk
	mount -o loop "$disk.img" "$disk" || exit 3
	exec python3 "$here/bench.py" --bin "$bin" --folder "$disk" "$@"
fi

apart="unshare --mount --pid --fork --kill-child --mount-proc"

# Words for why there can be no journaled disk here; none if there can.
no_disk() {
	[ "$(id -u)" = 0 ] || { echo "it takes root"; return; }
	command -v mkfs.ext4 >/dev/null || { echo "no mkfs.ext4"; return; }
	mkdir "$scratch/disk"
	truncate -s $IMAGE_SIZE "$scratch/disk.img"
	mkfs.ext4 -q -F "$scratch/disk.img" ||
		{ echo "no file system can be made"; return; }
	# shellcheck disable=SC2086
	$apart mount -o loop "$scratch/disk.img" "$scratch/disk" ||
		echo "no namespace or no loop device may be had"
}

scratch=$(mktemp -d) || exit 2
chmod 755 "$scratch"
inside=
finish() {
	# killed too, unshare takes all that runs inside with it
	[ -z "$inside" ] || kill -KILL "$inside" 2>/dev/null
	wait
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

why=$(no_disk)
if [ -z "$why" ]; then
	# shellcheck disable=SC2086
	BENCH_INSIDE=$scratch $apart sh "$here/run.sh" "$bin" "$@" &
	inside=$!
	wait "$inside"
	status=$?
	inside=
	exit $status
else
	mkdir "$scratch/plain"
	python3 "$here/bench.py" --bin "$bin" --folder "$scratch/plain" \
	    --alone "$why" "$@"
fi
