# fish completion for kvmhost: it asks kvmhost itself, which knows its commands, stages, keys and runs.

function __kvmhost_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l before (string match -r -- '^--[^=]*=' $current)
	for line in ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
		switch $line
			case ':files'
				for path in (__fish_complete_path (string replace -- "$before" '' $current))
					echo "$before$path"
				end
			case ':dirs'
				for path in (__fish_complete_directories (string replace -- "$before" '' $current) '')
					echo "$before$path"
				end
			case '*'
				echo $line
		end
	end
end
complete -c kvmhost -f -a '(__kvmhost_complete)'
