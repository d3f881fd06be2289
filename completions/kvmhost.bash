# bash completion for kvmhost: it asks kvmhost itself, which knows its commands, stages, keys and runs.

_kvmhost() {
	local line=${COMP_LINE:0:COMP_POINT} current before candidate
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	current=${words[${#words[@]}-1]}
	# readline replaces only what comes after the last '=' or ':' of a word
	before=${current%"${current##*[=:]}"}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		case $candidate in
		:files)
			compopt -o filenames
			while read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(compgen -f -- "${current#--*=}")
			;;
		:dirs)
			compopt -o filenames
			while read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(compgen -d -- "${current#--*=}")
			;;
		*)
			[[ $candidate == *= ]] && compopt -o nospace
			COMPREPLY+=("${candidate#"$before"}")
			;;
		esac
	done < <("${COMP_WORDS[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _kvmhost kvmhost
