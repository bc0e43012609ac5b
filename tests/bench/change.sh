#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# change.sh - `make change-bench`: what large access lists cost while connections are up (CFG-1, ACL-4).
#
# Responsible for: a firewall with many entries and objects, connections through it, changes of one line of the list
# and of one object while packets flow; how long each change takes and whether a packet of a known or of a new
# connection was lost meanwhile; new connections a second by the number of entries.
# Not responsible for: sending and counting (asa-bench), the classifier alone (acl_bench.c).
#
# Options: --rules N (100000), --objects N (10000), --flows N (1000000), --changes N (20), --keep FILE (result lines)

. "$(dirname "$0")/../../scripts/lab.sh"

rules=100000 objects=10000 flows=1000000 changes=20 keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--rules) rules=$2; shift ;;
	--objects) objects=$2; shift ;;
	--flows) flows=$2; shift ;;
	--changes) changes=$2; shift ;;
	--keep) keep=$2; shift ;;
	--help) sed -n '4,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "change.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
	esac
	shift
done

lab_begin change
. "$LAB_ROOT/tests/bench/topology.sh"
bench=$LAB_BUILD/asa-bench
out=$LAB_DIR/results
: >"$out"
say() { echo "change.sh: $*" >&2; }

# list RULES OBJECTS: a configuration in which every tenth entry names an object; what the traffic needs comes last.
list() {
	awk -v rules="$1" -v objects="$2" 'BEGIN {
		for (i = 0; i < objects; i++)
			printf "object network o%d\n host 172.%d.%d.%d\n", i, 16 + int(i / 65536), int(i / 256) % 256, i % 256
		for (i = 0; i < rules - 1; i++) {
			to = sprintf("10.%d.%d.%d", 10 + int(i / 65536), int(i / 256) % 256, i % 256)
			if (objects && i % 10 == 0)
				printf "access-list A extended permit tcp any object o%d eq %d\n", int(i / 10) % objects, 80 + i % 7
			else if (i % 10 < 6)
				printf "access-list A extended permit tcp any host %s eq %d\n", to, 80 + i % 7
			else if (i % 10 < 8)
				printf "access-list A extended deny udp 172.16.%d.0 255.255.255.0 host %s\n", i % 256, to
			else
				printf "access-list A extended permit tcp any host %s range %d %d\n", to, 1000 + i % 500, 2000 + i % 500
		}
		print "access-list A extended permit udp any any"
		print "access-group A in interface inside"
	}'
}

now_us() { echo $((${EPOCHREALTIME/./})); }

# firewall NAME CONNECTIONS RULES OBJECTS
firewall() {
	local start
	device "$1" && lab_asad "f$1" --connections "$2" || return 1
	lab_conf "f$1" <<-CONF
		interface in0
		 nameif inside
		 security-level 100
		interface out0
		 nameif outside
		 security-level 0
		timeout udp 1:00:00
	CONF
	list "$3" "$4" >"$LAB_DIR/list.$1"
	start=$(now_us)
	lab_asa "f$1" -f "$LAB_DIR/list.$1" >/dev/null || return 1
	echo "load dut=$1 rules=$3 objects=$4 ms=$((($(now_us) - start) / 1000))" | tee -a "$out"
}

# Nanoseconds on a CPU: of all threads of a firewall's daemon, of the main thread of the large one.
cpu_all() { awk '{ sum += $1 } END { printf "%.0f", sum }' "/proc/${LAB_PID[asad-f$1]}/task/"*/schedstat; }
cpu_main() { awk '{ printf "%.0f", $1 }' "/proc/${LAB_PID[asad-fbig]}/task/${LAB_PID[asad-fbig]}/schedstat"; }

# timed WHAT COMMAND…: one change; a line with the milliseconds that asactl took, and the daemon's main thread of them
timed() {
	local what=$1 start cpu

	shift
	cpu=$(cpu_main)
	start=$(now_us)
	lab_asa fbig configure "$@" >/dev/null || echo "note the change failed: $*" >>"$out"
	echo "change what=$what us=$(($(now_us) - start)) cpu=$((($(cpu_main) - cpu) / 1000))" >>"$out"
}

# made NAME SPEC: new connections through one firewall, and what each costs the daemon (negative: a thread of it ended)
made() {
	local cpu result

	cpu=$(cpu_all "$1")
	result=$("$bench" newconn -f 60000 -R 250000 "$2")
	echo "$result cpu=$((($(cpu_all "$1") - cpu) / 60000))" >>"$out"
}

# changes_loop: one line in front, in the middle, at the end; the same lines away again; what an object is
changes_loop() {
	local i

	for ((i = 0; i < changes; i++)); do
		timed line "access-list A line $((1 + i * (rules / changes))) extended permit tcp any host 203.0.113.$((1 + i % 200)) eq 7"
		timed away "no access-list A extended permit tcp any host 203.0.113.$((1 + i % 200)) eq 7"
		if [ "$objects" -gt 0 ]; then
			timed object "object network o$((i * 7 % objects))
host 172.31.0.$((1 + i % 200))"
		fi
		sleep 0.1
	done
}

firewall big 1048576 "$rules" "$objects" || { echo "change.sh: cannot start the firewall" >&2; exit 1; }
fw=$(spec big ":pins=$(lab_pins fbig):rate=100000")
say "$flows connections"
"$bench" run -p udp -f "$flows" -r 1 -t 1 "$fw" | sed 's/^/before /' >>"$out"
echo "connections $(lab_conns fbig)" >>"$out"

say "changes, nothing else"
timed first "access-list A line 1 extended permit tcp any host 203.0.113.250 eq 7"
changes_loop
say "changes while known connections carry packets"
changes_loop &
loop=$!
"$bench" run -p udp -f "$flows" -r 3 -t 1 "$fw" | sed 's/^/during /' >>"$out"
wait $loop
say "changes while connections are made"
changes_loop &
loop=$!
"$bench" newconn -f 40000 -R 10000 "$fw" | sed 's/^/during /' >>"$out"
wait $loop

say "new connections by the number of entries"
lab_asa fbig clear conn >/dev/null
firewall small 1048576 10 0 && firewall mid 1048576 10000 1000 || { echo "change.sh: cannot start the firewalls" >&2; exit 1; }
small=$(spec small ":pins=$(lab_pins fsmall)") mid=$(spec mid ":pins=$(lab_pins fmid)")
for _ in 1 2 3 4 5; do
	for n in small mid big; do
		lab_asa f$n clear conn >/dev/null
	done
	sleep 1
	made small "$small"
	made mid "$mid"
	made big "$fw"
done

[ -n "$keep" ] && cp "$out" "$keep"
awk '
	function num(name,  v) { v = $0; if (!sub(".*" name "=", "", v)) return ""; sub(" .*", "", v); return v + 0 }
	function median(list,  v, n, i, j, x) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { x = v[j]; v[j] = v[j - 1]; v[j - 1] = x }
		return v[int((n + 1) / 2)] + 0
	}
	/^load/ { printf "load %d rules, %d objects: %d ms\n", num("rules"), num("objects"), num("ms") }
	/^connections/ { printf "connections up: %d\n", $2 }
	/^change/ {
		w = $2; sub("what=", "", w); ms = num("us") / 1000; n[w]++; sum[w] += ms; cpu[w] += num("cpu") / 1000
		if (ms > max[w]) max[w] = ms
	}
	/^during result/ { printf "known connections during changes: %.4f of all packets arrived, %d visited the daemon\n", num("arrived"), num("punts") }
	/^during newconn/ { printf "new connections during changes: %.4f of %d arrived\n", num("arrived"), num("flows") }
	/^newconn/ { d = $0; sub(".*dut=", "", d); sub(" .*", "", d); r[d] = r[d] " " num("delivered"); a[d] = a[d] " " num("arrived"); if (num("cpu") > 0) t[d] = t[d] " " num("cpu") }
	/note/ { print }
	END {
		for (w in n)
			printf "change of %-7s %4d times: %.1f ms on average, %.1f at most; daemon %.1f\n", w, n[w], sum[w] / n[w], max[w], cpu[w] / n[w]
		for (d in t) mid[d] = median(t[d])
		for (d in mid) if (d != "small" && mid[d] > 0) printf "rate of new connections with the rules of %s: %.2f of that with 10 (medians of the time of the daemon)\n", d, mid["small"] / mid[d]
		for (d in r) printf "new connections a second, %s:%s (arrived%s); ns of the daemon for each:%s\n", d, r[d], a[d], t[d]
	}' "$out"
