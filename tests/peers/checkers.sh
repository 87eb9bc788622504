# checkers.sh - builds the checkers of who sent a message; read by others
#
# Against the archive that the programs are made of.

# build_checkers BIN DIR CHECKER ...: into DIR; words for why not, or none.
build_checkers() {
	archive=$1/libpostroom.a
	into=$2
	shift 2
	for checker; do
		${CC:-cc} -std=c11 -D_GNU_SOURCE -I. -O1 -o "$into/$checker" \
		    "$(dirname "$0")/$checker.c" "$archive" -lcrypto \
		    -lidn2 >&2 || {
			echo "$checker.c is not built"
			return
		}
	done
}
