#!/bin/sh
# completion.sh BIN RESULTS - bash completes every command and option there is
#
# `postroom help` is the list; what it names must be offered where it can stand.
command -v bash >/dev/null || {
	echo "skip completion: bash is not installed" >>"$2"
	exit 0
}
exec bash -c '
bin=$1 results=$2 missing=0 seen=0
source "$3"
# Are the words WANT ... offered after the words in $typed?
offers() {
	COMP_WORDS=("$bin/postroom" "${typed[@]}" "")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_postroom 2>/dev/null
	for want; do
		seen=$((seen + 1))
		[[ " ${COMPREPLY[*]} " == *" $want "* ]] && continue
		echo "${typed[*]}: $want is not completed"
		missing=$((missing + 1))
	done
}
while IFS= read -r line; do
	[[ $line =~ ^"  "([a-z0-9]+)(" "([a-z-]+))?" " ]] || continue
	noun=${BASH_REMATCH[1]} verb=${BASH_REMATCH[3]}
	typed=() && offers "$noun"
	typed=("$noun")
	if [[ -n $verb ]]; then
		offers "$verb"
		typed+=("$verb")
	fi
	rest=${line#*"${typed[*]}"}
	[[ $rest == *OPTIONS\ OF\ add* ]] && rest+=${add%%--untested*}
	[[ "$noun $verb" == "fetch add" ]] && add=$rest
	offers $(grep -o -e "--[a-z0-9-]*" <<<"$rest")
done < <(LC_ALL=C "$bin/postroom" help)
if ((missing == 0 && seen > 40)); then
	echo "pass completion: bash completes every command and option"
else
	echo "fail completion: bash completes every command and option"
fi >>"$results"
' completion "$1" "$2" "$(dirname "$0")/../../completions/postroom.bash"
