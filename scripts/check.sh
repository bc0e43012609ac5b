#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - run every test that has been built and add up what they say.
#
# Use: scripts/check.sh [unit|bpf|config|fuzz|net|coverage …]     (nothing: all of them)
#
# Responsible for: order, one line per suite, the output of a failing suite, the final line
# "N passed, N failed, N skipped".  Every suite prints a line of that form itself; one that
# dies without it counts as one failure.  Without root the suites that need it are skipped,
# loudly, and counted.
# FUZZ_SECONDS: seconds for all fuzz targets together (60).  NET_STORIES: names of stories to run.

set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0 skipped=0
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1

note() { printf '%-34s %s\n' "$1" "$2"; }

# run NAME COMMAND…: a suite that ends with the counting line
run() {
	local name=$1 log line status
	shift
	log=$logs/${name//\//_}
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
	if [ -z "$line" ]; then
		line="0 passed, 1 failed, 0 skipped"
		echo "(ended with status $status and without a count)" >>"$log"
	elif [ "$status" != 0 ] && [[ $line == *" 0 failed"* ]]; then
		line="${line/, 0 failed/, 1 failed}"
		echo "(status $status although no test failed)" >>"$log"
	fi
	set -- $line
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + ${5:-0}))
	note "$name" "$line"
	if [ "$3" != 0 ]; then
		sed 's/^/    /' "$log" | tail -n 200
	elif [ "${5:-0}" != 0 ]; then
		grep -aE 'SKIP' "$log" | sed 's/^/    /'
	fi
}

skip() { # skip NAME REASON: a whole suite
	note "$1" "SKIPPED: $2"
	skipped=$((skipped + 1))
}

suite_unit() {
	local t
	for t in build/tests/test_*; do
		[ -f "tests/unit/${t##*/}.c" ] && [ -x "$t" ] && run "unit/${t##*/test_}" "$t"
	done
}

suite_bpf() {
	local t
	for t in build/tests/test_*; do
		[ -f "tests/bpf/${t##*/}.c" ] && [ -x "$t" ] || continue
		if [ "$(id -u)" = 0 ]; then run "bpf/${t##*/test_}" "$t"; else skip "bpf/${t##*/test_}" "needs root"; fi
	done
}

suite_config() {
	[ -x tests/config/run.sh ] && run config tests/config/run.sh
}

suite_coverage() {
	run coverage scripts/coverage.sh
}

# Each target gets its share of the seconds; a crash leaves the input in build/fuzz.
suite_fuzz() {
	local t targets=(build/fuzz/fuzz_*) n=0 share name
	for t in "${targets[@]}"; do [ -x "$t" ] && n=$((n + 1)); done
	[ "$n" != 0 ] || { skip fuzz "no target was built"; return; }
	share=$((${FUZZ_SECONDS:-60} / n))
	[ "$share" -gt 0 ] || share=1
	for t in "${targets[@]}"; do
		[ -x "$t" ] || continue
		name=${t##*/}
		mkdir -p "build/fuzz/corpus/$name"
		local seeds=tests/fuzz/seeds/${name#fuzz_}
		[ -d "$seeds" ] || seeds=
		if "$t" -max_total_time="$share" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/ "build/fuzz/corpus/$name" $seeds >"$logs/$name" 2>&1; then
			passed=$((passed + 1))
			note "fuzz/${name#fuzz_}" "$(sed -n 's/^stat::number_of_executed_units: */executions: /p' "$logs/$name") in $share s"
		else
			failed=$((failed + 1))
			note "fuzz/${name#fuzz_}" FAILED
			tail -n 60 "$logs/$name" | sed 's/^/    /'
		fi
	done
}

suite_net() {
	if [ "$(id -u)" != 0 ]; then skip net "needs root (namespaces, XDP, AF_XDP)"; return; fi
	local story
	for story in tests/net/[0-9]*.sh; do
		[ -f "$story" ] || continue
		name=${story##*/}
		name=${name%.sh}
		[ -z "${NET_STORIES:-}" ] || [[ " $NET_STORIES " == *" $name "* ]] || continue
		run "net/$name" bash "$story"
	done
}

[ $# != 0 ] || set -- unit config coverage bpf net fuzz
for s in "$@"; do
	declare -F "suite_$s" >/dev/null || { echo "check.sh: no suite '$s'" >&2; exit 2; }
	"suite_$s"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
