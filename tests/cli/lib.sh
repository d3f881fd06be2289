# shellcheck shell=bash
# lib.sh - for the tests of the command line: source it, say what each test is about, assert, finish.
#
#   . tests/cli/lib.sh
#   it 'a plan changes nothing'          a new test begins; its result is printed when the next one does
#   fresh debian12-ifupdown              R: a copy of tests/roots/debian12-ifupdown in the temporary directory
#   run --root "$R" plan                 runs kvmhost: standard output in $out, standard error in $err (files)
#   code_is 0; out_has 'pending'         what is not so is said on stderr, with what the program printed
#   finish                               prints the plan line; exits 1 when a test failed
#
# Output is TAP. A test runs from the project's root, with the binary $B/kvmhost, and needs no root rights.
# The variables below are for the tests that source this.
# shellcheck disable=SC2034
set -u
export LC_ALL=C TERM=xterm
unset NO_COLOR POSIXLY_CORRECT COLUMNS

B=${B:-build}
base=${TMPDIR:-/dev/shm}
[ -d "$base" ] && [ -w "$base" ] || base=/tmp
T=$(mktemp -d "$base/kvmhost-cli.XXXXXX") || exit 2
chmod 0755 "$T"
trap 'chmod -R u+rwX "$T"; rm -rf "$T"' EXIT
# Where an unprivileged user can run it, too: the working tree may be below somebody's home directory.
K=$T/kvmhost
cp "$B/kvmhost" "$K" && chmod 0755 "$K" || exit 2
out=$T/out err=$T/err
code=0 R='' count=0 failures=0 sentence='' is_bad='' skipped=''

close_test() {
	[ -n "$sentence" ] || return 0
	count=$((count + 1))
	if [ -n "$is_bad" ]; then
		failures=$((failures + 1))
		echo "not ok $count - $sentence"
	else
		echo "ok $count - $sentence${skipped:+ # SKIP $skipped}"
	fi
}

it() { # SENTENCE: a test begins
	close_test
	sentence=$1 is_bad='' skipped=''
}

skip() { skipped=$1; }

finish() {
	close_test
	echo "1..$count"
	[ "$failures" -eq 0 ]
	exit
}

wrong() { # TEXT: the test has failed
	is_bad=1
	{
		echo "$sentence: $1"
		echo "  command: kvmhost ${ran:-}"
		echo "  exit code: $code"
		sed 's/^/  out: /' "$out" | head -n 30
		sed 's/^/  err: /' "$err" | head -n 30
	} >&2
}

# ---- running ----

run() { # ARGUMENT...
	ran=$*
	code=0
	"$K" "$@" >"$out" 2>"$err" </dev/null || code=$?
}

am_root() { [ "$(id -u)" -eq 0 ]; }

as_nobody() { # COMMAND...: as a user without rights; fails with 125 where that is not possible
	if ! am_root; then
		"$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		return 125
	fi
}

run_as_nobody() { # ARGUMENT...
	ran="$* (as nobody)"
	code=0
	as_nobody "$K" "$@" >"$out" 2>"$err" </dev/null || code=$?
}

can_be_nobody() { ! am_root || command -v setpriv >/dev/null; }

run_on_terminal() { # ANSWER ARGUMENT...: with a terminal for all three; what it shows is in $out
	local answer=$1
	shift
	ran="$* (on a terminal)"
	code=0
	: >"$err"
	# a pipe that does not end: at the end of its input 'script' waits for seconds
	rm -f "$T/answers" && mkfifo "$T/answers" && exec 8<>"$T/answers"
	printf '%s\n' "$answer" >&8
	script -qec "$K $*" /dev/null <&8 >"$out" 2>&1 8<&- || code=$?
	exec 8<&-
}

has_terminal() {
	command -v script >/dev/null || return 1
	run_on_terminal '' --version
	[ "$code" -eq 0 ]
}

# ---- roots ----

fresh() { # NAME [COPY]: R is a fresh copy of tests/roots/NAME, modes and empty directories as on the host
	local name=$1 path mode
	R=$T/${2:-$1}
	[ ! -e "$R" ] || { chmod -R u+rwX "$R" && rm -rf "$R"; }
	mkdir "$R" && cp -dR --preserve=mode,links "tests/roots/$name/." "$R"
	find "$R" -name .gitkeep -delete
	while read -r path; do
		mode=${path##* } path=$R/${path#*/}
		path=${path% *}
		case $path in */) mkdir -p "$path" ;; esac
		chmod "$mode" "$path"
	done < <(grep "^$name/" tests/roots/MODES)
}

give_to_nobody() { # DIR: so that run_as_nobody may change it
	! am_root || chown -hR 65534:65534 "$1"
}

# Names, types, modes, owners, link targets and contents of a tree; kvmhost's own state is left out.
tree() { # DIR
	(cd "$1" && find . \( -path ./var/lib/kvmhost -o -path ./var/log/kvmhost -o -path ./var/cache/kvmhost \) \
		-prune -o -printf '%y %m %U:%G %p %l\n' | sort &&
		find . -path ./var/lib/kvmhost -prune -o -type f -print0 | sort -z | xargs -0r sha256sum)
}

tree_is() { # DIR FILE: as when 'tree DIR >FILE' was run
	tree "$1" >"$2.now"
	cmp -s "$2" "$2.now" || wrong "the tree is another: $(diff "$2" "$2.now" | head -n 5)"
}

# ---- assertions ----

code_is() { [ "$code" -eq "$1" ] || wrong "exit code $code, not $1"; }
out_has() { grep -qF -e "$1" "$out" || wrong "'$1' is not on standard output"; }
out_lacks() { ! grep -qF -e "$1" "$out" || wrong "'$1' is on standard output"; }
out_matches() { grep -qE -e "$1" "$out" || wrong "no line of standard output matches '$1'"; }
out_is() { [ "$(cat "$out")" = "$1" ] || wrong "standard output is not '$1'"; }
out_is_empty() { [ ! -s "$out" ] || wrong 'something is on standard output'; }
err_has() { grep -qF -e "$1" "$err" || wrong "'$1' is not on standard error"; }
err_lacks() { ! grep -qF -e "$1" "$err" || wrong "'$1' is on standard error"; }
err_is_empty() { [ ! -s "$err" ] || wrong 'something is on standard error'; }
file_has() { grep -qF -e "$2" "$1" 2>/dev/null || wrong "'$2' is not in $1"; }
is_there() { [ -e "$1" ] || [ -L "$1" ] || wrong "$1 is missing"; }
is_not_there() { if [ -e "$1" ] || [ -L "$1" ]; then wrong "$1 is there"; fi; }

refused_with() { # CODE TEXT [HINT]: nothing but a message on standard error
	code_is "$1"
	out_is_empty
	err_has "$2"
	[ $# -lt 3 ] || err_has "$3"
}

# One JSON document; looked at by whichever judge is installed.
out_is_json() {
	case $(head -c 1 "$out") in
	'{' | '[') ;;
	*) wrong 'standard output does not begin like JSON' ;;
	esac
	if command -v jq >/dev/null; then
		[ "$(jq -cs length "$out" 2>&1)" = 1 ] || wrong 'standard output is not one JSON document'
	elif command -v python3 >/dev/null; then
		python3 -m json.tool "$out" >/dev/null 2>&1 || wrong 'standard output is not one JSON document'
	fi
}
