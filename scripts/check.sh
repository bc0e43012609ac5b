#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - run every test that has been built and add up what they say.
#
# Use: scripts/check.sh [unit|bpf|config|fuzz|net|coverage …]     (nothing: all of them)
#
# Responsible for: order, one line per suite, the output of a failing suite, the final line
# "N passed, N failed, N skipped".  Every suite prints a line of that form itself; one that
# dies without it counts as one failure, and so does one that takes longer than LIMIT.  Without
# root the suites that need it are skipped, loudly, and counted.
#
# What runs at the same time: end-to-end stories spend their time waiting, so that as many of them
# run as there are cores, and beside them, with the lower priority, one of the suites that compute.
# A story whose head says "Runs alone: why" runs when all others have ended.  Lines are printed in the
# order of the list, whatever ends first.
#
# FUZZ_SECONDS: seconds for all fuzz targets together (60).  NET_STORIES: names of stories to run.
# CHECK_JOBS: stories at the same time (cores; 1: everything one after the other).
# CHECK_TIMES=1: seconds at the end of each line.

set -u
cd "$(dirname "$0")/.." || exit 1
LIMIT=400
lanes=${CHECK_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
logs=$(mktemp -d) || exit 1
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0} UBSAN_OPTIONS=print_stacktrace=1

# The list: what a job is called, its lane (compute, story or alone), how its result is read (count, fuzz, or
# skip with the reason as its command), its command, quoted.
names=() lane=() kind=() command=()
pid=()		# of those that were started
ended=()	# 1: it has
declare -A job_of=() running=([compute]=0 [story]=0 [alone]=0)
printed=0	# jobs whose line is out

stop() {
	trap '' INT TERM
	kill "${pid[@]}" 2>/dev/null
	wait
	exit 130
}
trap 'rm -rf "$logs"' EXIT
trap stop INT TERM

add() { # add NAME LANE KIND COMMAND…
	names+=("$1") lane+=("$2") kind+=("$3")
	shift 3
	command+=("$(printf '%q ' "$@")")
}

note() { printf '%-34s %s\n' "$1" "$2"; }

# ---------------------------------------------------------------------------------------------- the list

suite_unit() {
	local t
	for t in build/tests/test_*; do
		[ -f "tests/unit/${t##*/}.c" ] && [ -x "$t" ] && add "unit/${t##*/test_}" compute count "$t"
	done
}

suite_bpf() {
	local t
	for t in build/tests/test_*; do
		[ -f "tests/bpf/${t##*/}.c" ] && [ -x "$t" ] || continue
		if [ "$(id -u)" = 0 ]; then
			add "bpf/${t##*/test_}" compute count "$t"
		else
			add "bpf/${t##*/test_}" compute skip "needs root"
		fi
	done
}

suite_config() {
	[ -x tests/config/run.sh ] && add config compute count tests/config/run.sh
}

suite_coverage() {
	add coverage compute count scripts/coverage.sh
}

# Each target gets its share of the seconds; a crash leaves the input in build/fuzz.
suite_fuzz() {
	local t seeds targets=(build/fuzz/fuzz_*) n=0
	for t in "${targets[@]}"; do [ -x "$t" ] && n=$((n + 1)); done
	[ "$n" != 0 ] || { add fuzz compute skip "no target was built"; return; }
	fuzz_share=$((${FUZZ_SECONDS:-60} / n))
	[ "$fuzz_share" -gt 0 ] || fuzz_share=1
	for t in "${targets[@]}"; do
		[ -x "$t" ] || continue
		mkdir -p "build/fuzz/corpus/${t##*/}"
		seeds=tests/fuzz/seeds/${t##*/fuzz_}
		[ -d "$seeds" ] || seeds=
		add "fuzz/${t##*/fuzz_}" compute fuzz "$t" -max_total_time="$fuzz_share" -timeout=10 -rss_limit_mb=4096 \
			-print_final_stats=1 -artifact_prefix=build/fuzz/ "build/fuzz/corpus/${t##*/}" ${seeds:+"$seeds"}
	done
}

suite_net() {
	if [ "$(id -u)" != 0 ]; then add net story skip "needs root (namespaces, XDP, AF_XDP)"; return; fi
	local story name
	for story in tests/net/[0-9]*.sh; do
		[ -f "$story" ] || continue
		name=${story##*/}
		name=${name%.sh}
		[ -z "${NET_STORIES:-}" ] || [[ " $NET_STORIES " == *" $name "* ]] || continue
		if sed 15q "$story" | grep -q '^# Runs alone:'; then
			add "net/$name" alone count bash "$story"
		else
			add "net/$name" story count bash "$story"
		fi
	done
}

# ---------------------------------------------------------------------------------------------- running

# start LANE: its first job that has not been started, if there is one
# => output, status and seconds in files by the number of the job
start() {
	local i priority=0
	[ "$1" = compute ] && priority=10
	for i in "${!names[@]}"; do
		[ "${lane[$i]}" = "$1" ] && [ -z "${pid[$i]:-}" ] || continue
		(
			SECONDS=0
			[ "${kind[$i]}" = skip ] && exit
			trap - EXIT INT
			trap 'kill $!; wait $!; exit' TERM
			eval "exec nice -n $priority timeout -k 20 $LIMIT ${command[$i]}" >"$logs/$i" 2>&1 </dev/null &
			wait $!
			status=$?
			[ $status != 124 ] || echo "(took longer than $LIMIT s)" >>"$logs/$i"
			echo $status >"$logs/$i.status"
			echo $SECONDS >"$logs/$i.seconds"
		) &
		pid[$i]=$!
		job_of[$!]=$i
		running[$1]=$((running[$1] + 1))
		return 0
	done
	return 1
}

# As many jobs as may run now.
fill() {
	local all=$((running[compute] + running[story] + running[alone]))
	if [ "$lanes" = 1 ]; then
		[ $all != 0 ] || start compute || start story || start alone
		return
	fi
	[ "${running[alone]}" = 0 ] || return
	while [ "${running[story]}" -lt "$lanes" ] && start story; do :; done
	[ "${running[compute]}" != 0 ] || start compute
	[ "${running[compute]}${running[story]}" != 00 ] || start alone
}

report_count() { # report_count I TIME
	local log=$logs/$1 line status
	status=$(cat "$logs/$1.status")
	line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
	if [ -z "$line" ]; then
		line="0 passed, 1 failed, 0 skipped"
		echo "(ended with status $status and without a count)" >>"$log"
	elif [ "$status" != 0 ] && [[ $line == *" 0 failed"* ]]; then
		line="${line/, 0 failed/, 1 failed}"
		echo "(status $status although no test failed)" >>"$log"
	fi
	note "${names[$1]}" "$line$2"
	set -- $line
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + ${5:-0}))
	if [ "$3" != 0 ]; then
		sed 's/^/    /' "$log" | tail -n 200
	elif [ "${5:-0}" != 0 ]; then
		grep -aE 'SKIP' "$log" | sed 's/^/    /'
	fi
}

report_fuzz() { # report_fuzz I
	if [ "$(cat "$logs/$1.status")" = 0 ]; then
		passed=$((passed + 1))
		note "${names[$1]}" "$(sed -n 's/^stat::number_of_executed_units: */executions: /p' "$logs/$1") in $fuzz_share s"
	else
		failed=$((failed + 1))
		note "${names[$1]}" FAILED
		tail -n 60 "$logs/$1" | sed 's/^/    /'
	fi
}

# Lines of jobs that have ended, as far as all jobs before them have ended, too.
report() {
	local i time
	while [ "$printed" -lt "${#names[@]}" ]; do
		i=$printed
		[ -n "${ended[$i]:-}" ] || return
		time=
		[ -z "${CHECK_TIMES:-}" ] || time="   $(cat "$logs/$i.seconds" 2>/dev/null) s"
		case ${kind[$i]} in
		count) report_count "$i" "$time" ;;
		fuzz) report_fuzz "$i" ;;
		skip)
			note "${names[$i]}" "SKIPPED: ${command[$i]//\\/}"
			skipped=$((skipped + 1))
			;;
		esac
		printed=$((printed + 1))
	done
}

run() {
	local who i
	while [ "$printed" -lt "${#names[@]}" ]; do
		fill
		wait -n -p who
		i=${job_of[$who]}
		ended[$i]=1
		running[${lane[$i]}]=$((running[${lane[$i]}] - 1))
		report
	done
}

[ $# != 0 ] || set -- unit config coverage bpf net fuzz
for s in "$@"; do
	declare -F "suite_$s" >/dev/null || { echo "check.sh: no suite '$s'" >&2; exit 2; }
	"suite_$s"
done
run
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
