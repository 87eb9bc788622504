#!/bin/sh
#
# layers.sh - a layer includes only itself and the layers named before it

layers="lib/base lib/message filters policy store queue fetch gateway programs"

# Set at to the place of path $1 in the list; the longest name wins.
rank() {
	n=0 at=0 len=0
	for l in $layers; do
		n=$((n + 1))
		case $1 in
		"$l"/*) [ ${#l} -gt $len ] && at=$n len=${#l} ;;
		esac
	done
}

bad=0
for f in $(sh tests/lint/sources '*.c' '*.h' | grep -v '^tests/'); do
	rank "$f"
	here=$at
	for inc in $(sed -n 's/^#[ ]*include "\([^"]*\)".*/\1/p' "$f"); do
		rank "$inc"
		if [ $at -gt $here ]; then
			line=$(grep -n "\"$inc\"" "$f" | head -n 1)
			echo "$f:${line%%:*}: $inc is a layer above"
			bad=1
		fi
	done
done
exit $bad
