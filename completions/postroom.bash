# postroom.bash - bash completes the words of postroom(1)
#
# The commands are those of `postroom help`: a new one there is added here.

_postroom()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words=() i config='' options=''

	COMPREPLY=()
	# The words before this one, without the options common to all.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c)	i=$((i + 1)); config=${COMP_WORDS[i]} ;;
		--json)	;;
		# of a hub elsewhere: they stand before the command
		--server | --login | --pin | --ca-file | --password-file)
			if [ ${#words[@]} -eq 0 ]; then
				i=$((i + 1))
			else
				words+=("${COMP_WORDS[i]}")
			fi
			;;
		*)	words+=("${COMP_WORDS[i]}") ;;
		esac
	done

	case $prev in
	-c | --password-file | --ca-file | --ids)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	--dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	--language)
		mapfile -t COMPREPLY < <(compgen -W 'en id' -- "$cur")
		return
		;;
	--arrives)
		mapfile -t COMPREPLY < <(compgen -W \
		    'mailboxes mailbox mx etrn atrn' -- "$cur")
		return
		;;
	--on-read | --archive | --forwards)
		mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$cur")
		return
		;;
	--tls)
		mapfile -t COMPREPLY < <(compgen -W 'none starttls implicit' \
		    -- "$cur")
		return
		;;
	--mechanism)
		mapfile -t COMPREPLY < <(compgen -W \
		    'auto plain login cram-md5 apop' -- "$cur")
		return
		;;
	--protocol)
		mapfile -t COMPREPLY < <(compgen -W 'pop3 imap etrn atrn' \
		    -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W \
		    'fetchmail getmail mpop csv mdaemon hmailserver' -- "$cur")
		return
		;;
	--source)
		mapfile -t COMPREPLY < <(compgen -W 'smtp lmtp fetch upstream' \
		    -- "$cur")
		return
		;;
	--quoting)
		mapfile -t COMPREPLY < <(compgen -W 'mboxrd mboxo none' \
		    -- "$cur")
		return
		;;
	--from | --into | --domain | --port-base | --map | --name | --label | --rename | --host | \
	--port | --user | --pin | --largest | --days | --delete-after | \
	--folders | --queue | --proxy | --proxy-user | --client-id | --scope | \
	--token-url | --device-url | --authorize-url | \
	--to | --folder | --every | --month | --minutes | \
	--limit | --above | --recall | \
	--sender | --recipient | --remote | --finding | --for | --as | --per-hour | \
	--etrn-from | --atrn-account | --max-size | --max-days)
		return
		;;
	esac

	case ${#words[@]}/${words[0]-}/${words[1]-} in
	0/*)
		options='setup account public alias list forward fetch oauth line hold queue archive mailbox import export rule spam domain dkim smarthost device sender gateway visitor status check trace config
			smtp pop3 imap help -c --json --help'
		;;
	1/check/)
		options='--repair'
		;;
	1/account/)
		options='add list set remove'
		;;
	1/fetch/)
		options='add add-domain doctor rules before learn list set remove test now body
			import resume consent way providers'
		;;
	1/oauth/)
		options='set list remove'
		;;
	*/oauth/set)
		options='--client-id --client-secret-file --token-url
			--device-url --authorize-url --scope'
		;;
	*/fetch/consent)
		options='--browser --label'
		;;
	*/fetch/way)
		options='--label --oauth --proxy --proxy-user
			--proxy-password-file'
		;;
	1/hold/)
		options='list show release delete digest'
		;;
	1/domain/)
		options='add set list'
		;;
	*/domain/add)
		options='--shared'
		;;
	*/domain/set)
		options='--shared --ours'
		;;
	1/queue/)
		options='list show hold release retry reroute bounce remove recall'
		;;
	1/dkim/)
		options='add list remove'
		;;
	*/dkim/add)
		options='--selector --ed25519'
		;;
	1/smarthost/)
		options='set list remove'
		;;
	*/smarthost/set)
		options='--host --tls --user --password-file'
		;;
	1/device/)
		options='add list remove'
		;;
	*/device/add)
		options='--as --to --per-hour'
		;;
	1/gateway/)
		options='add list set remove'
		;;
	*/gateway/add | */gateway/set)
		options='--host --etrn-from --atrn-account --waits --max-size
			--max-days --recipients-file'
		;;
	1/sender/)
		options='allow block remove list'
		;;
	*/sender/*)
		options='--for'
		;;
	1/alias/ | 1/list/)
		options='add list set remove'
		;;
	*/alias/set)
		options='--add --remove'
		;;
	*/list/add)
		options='--post --owner'
		;;
	*/list/set)
		options='--add --remove --post --owner'
		;;
	1/forward/)
		options='set list remove'
		;;
	*/forward/set)
		options='--to --keep --no-keep'
		;;
	1/visitor/)
		options='list forgive grey'
		;;
	1/archive/)
		options='list show export'
		;;
	*/archive/list)
		options='--days'
		;;
	*/archive/show)
		options='--changed'
		;;&
	*/archive/export)
		options='--days --changed'
		;;
	1/mailbox/)
		options='list folders rights'
		;;
	1/rule/)
		options='test rehearse undo list'
		;;
	*/rule/test)
		options='--in-force --why --sender --recipient --remote
			--source --finding'
		;;
	*/rule/rehearse)
		options='--days --limit'
		;;
	*/rule/undo)
		options='--since --dry-run'
		;;
	1/spam/)
		options='learn status explain'
		;;
	*/spam/learn)
		options='--spam --wanted --for'
		;;
	*/spam/explain)
		options=--for
		;;
	1/config/)
		options='check show'
		;;
	1/smtp/ | 1/pop3/ | 1/imap/)
		options=commands
		;;
	*/setup/*)
		options='--dir --domain --port-base --password-file --yes
			--smarthost --smarthost-tls --smarthost-user
			--smarthost-password-file --direct --arrives'
		;;
	1/public/)
		options=add
		;;
	*/public/add)
		options='--name --language'
		;;
	*/account/add)
		options='--name --language --password-file'
		;;
	*/account/set)
		options='--name --language --password --password-file --fetch --recall --forwards'
		;;&
	1/line/)
		options='status report open'
		;;
	*/line/report)
		options='--month'
		;;
	*/line/open)
		options='--minutes'
		;;
	*/fetch/learn)
		options='--to'
		;;&
	*/fetch/before)
		options='--label --rule --none'
		;;
	*/fetch/add-domain | */fetch/rules)
		options='--label --mailbox --envelope-header --envelope-depth
			--archive --headers --skip-received --learn --match-names --replace-domain --strip --route'
		;;&
	*/fetch/add-domain)
		options="$options --owner"
		;;&
	*/fetch/add | */fetch/add-domain | */fetch/set)
		options="${options-} --label --host --port --tls --user --password-file
			--mechanism --pin --largest --all --new --days --keep
			--delete-after --delete-when-deleted-here
			--protocol --folders --queue
			--every --on-read"
		;;&
	*/fetch/add | */fetch/add-domain)
		options="$options --untested --oauth --browser --proxy --provider"
		;;&
	*/fetch/set)
		options="$options --keep-when-deleted-here --rename --password --enable --disable"
		;;&
	*/fetch/doctor)
		options='--label --messages --apply'
		;;&
	*/fetch/remove)
		options='--label --yes'
		;;&
	*/fetch/test | */fetch/now)
		options='--label'
		;;&
	*/fetch/now)
		options="$options --everything"
		;;&
	*/fetch/import)
		options='--format --ids --owner --map --dry-run'
		;;&
	2/fetch/import)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur"
		    compgen -W "$options" -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	*/hold/list)
		options='--quarantine --held'
		;;
	*/hold/release)
		options='--to --wanted'
		;;&
	*/hold/delete)
		options='--yes --spam'
		;;&
	*/queue/list)
		options='--domain --sender --state --limit --above'
		;;
	*/queue/reroute)
		options='--domain --to --as-ever'
		;;&
	*/queue/bounce)
		options='--to'
		;;&
	*/queue/remove)
		options='--to --yes'
		;;&
	*/queue/hold | */queue/release | */queue/retry)
		options='--domain --all'
		;;&
	*/mailbox/list)
		options='--folder'
		;;&
	*/import/*)
		options='--from --into --quoting --tls --password-file --dry-run'
		;;&
	*/export/*)
		options='--to --folder --letters'
		;;&
	2/hold/show | 2/hold/release | 2/hold/delete | 2/fetch/learn)
		# Ids, where this person may ask for them.
		options="$options $("${COMP_WORDS[0]}" \
		    -c "${config:-/etc/postroom/postroom.conf}" \
		    hold list 2>/dev/null </dev/null |
		    awk 'NR > 1 { print $1 }')"
		;;
	2/queue/show | 2/queue/hold | 2/queue/release | 2/queue/retry | \
	2/queue/reroute | 2/queue/bounce | 2/queue/remove | 2/queue/recall)
		# The same of what waits to leave.
		options="$options $("${COMP_WORDS[0]}" \
		    -c "${config:-/etc/postroom/postroom.conf}" \
		    queue list 2>/dev/null </dev/null |
		    awk 'NR > 1 { print $1 }')"
		;;
	2/archive/export)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	2/archive/show)
		# Ids, where this person may read them.
		options="$options $("${COMP_WORDS[0]}" \
		    -c "${config:-/etc/postroom/postroom.conf}" \
		    archive list 2>/dev/null </dev/null |
		    awk 'NR > 1 { print $1 }')"
		;;
	2/account/set | 2/account/remove | 2/fetch/add | 2/fetch/list | \
	2/fetch/rules | 2/fetch/set | 2/fetch/remove | 2/fetch/test | 2/fetch/now | \
	2/fetch/doctor | \
	2/mailbox/list | 2/mailbox/folders | 2/mailbox/rights | \
	1/import/ | 1/export/)
		# Addresses, where this person may ask for them.
		options="$options $("${COMP_WORDS[0]}" \
		    -c "${config:-/etc/postroom/postroom.conf}" \
		    account list 2>/dev/null </dev/null |
		    awk 'NR > 1 { print $2 }')"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}

complete -F _postroom postroom
