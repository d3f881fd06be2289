# lib.sh - what the measurements share; sourced by bash from the project's top directory.
set -euo pipefail
: "${B:=build}"
kvmhost=$(realpath "$B/kvmhost")
work=$(mktemp -d "${TMPDIR:-/tmp}/kvmhost-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

measure_bin=$work/measure
${CC:-gcc} -O2 -D_GNU_SOURCE -o "$measure_bin" bench/measure.c

# need PROGRAM PACKAGE: the peer, installed with INSTALL=1; never a number without it.
need() {
	command -v "$1" >/dev/null && return
	if [ "${INSTALL:-}" = 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >"$work/apt" 2>&1 ||
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } >"$work/apt" 2>&1 ||
			{ cat "$work/apt" >&2; exit 1; }
		return
	fi
	echo "$0: '$1' is not installed, so there is nothing to compare with: apt-get install $2 (or INSTALL=1 as root)" >&2
	exit 1
}

# measure VARIABLE RUNS COMMAND...: sets VARIABLE_us, VARIABLE_rss_kib and VARIABLE_range (in ms).
measure() {
	local name=$1 runs=$2 line least most rss
	shift 2
	line=$("$measure_bin" "$runs" "$@")
	read -r "${name?}_us" least most rss _ <<<"$line"
	printf -v "${name}_rss_kib" %s "$rss"
	printf -v "${name}_range" '%s ms to %s ms in %d runs' "$(ms "$least")" "$(ms "$most")" "$runs"
}

ms() { awk -v us="$1" 'BEGIN { printf us < 100000 ? "%.1f" : "%.0f", us / 1000 }'; }
mib() { awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf a / b < 10 ? "%.1f" : "%.0f", a / b }'; }

missed=0
# want CONDITION TEXT: CONDITION is arithmetic; a miss is said and makes the exit status 1.
want() {
	if (($1)); then
		echo "  wanted: $2: met"
	else
		echo "  wanted: $2: MISSED"
		missed=1
	fi
}
