#compdef kvmhost
# zsh completion for kvmhost: it asks kvmhost itself, which knows its commands, stages, keys and runs.

_kvmhost() {
	local line candidate
	local -a typed open shut open_shown shut_shown
	typed=("${(@Q)words[2,CURRENT]}")
	for line in "${(@f)$(_call_program kvmhost "${(q)words[1]}" complete -- "${(@q)typed}" 2>/dev/null)}"; do
		candidate=${line%%$'\t'*}
		case $candidate in
		'') ;;
		:files)
			compset -P '--*='
			_files
			;;
		:dirs)
			compset -P '--*='
			_files -/
			;;
		*=)
			open+=("$candidate")
			open_shown+=("${line/$'\t'/  -- }")
			;;
		*)
			shut+=("$candidate")
			shut_shown+=("${line/$'\t'/  -- }")
			;;
		esac
	done
	((${#open})) && compadd -Q -S '' -l -d open_shown -a open
	((${#shut})) && compadd -Q -l -d shut_shown -a shut
}

if [[ ${funcstack[1]} == _kvmhost ]]; then
	_kvmhost "$@"
else
	compdef _kvmhost kvmhost
fi
