#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lab.sh - the namespace laboratory: sourced by the end-to-end stories, the bench and the demo.
#
# Responsible for: network namespaces and veth cables with the settings that veth needs under XDP, bridges as
# LAN segments, starting and stopping firewalls (asad), clients and servers by process id, the check verbs that
# print PASS/FAIL/SKIP, and removing all of it when the script ends, however it ends.
# Not responsible for: what is configured on a firewall or checked; packages (deps.sh); building.
#
# Life cycle: lab_begin TITLE first, lab_end last (its status is the script's).  A trap cleans up in between.
# Everything is named asa-lab-PID-…, so that runs do not meet; nothing outside these names is touched.
# Environment: DEBUG_LAB=1 opens a shell inside the topology at the first failure; LAB_KEEP=1 keeps the
# directory with the logs; ASA_BUILD names the build directory.
#
# What bites on veth, and where it is handled here:
#   - a frame redirected into a veth is lost unless the far end has NAPI on       lab_veth: gro on, both ends
#   - host ends leave checksums and segmentation to hardware that is not there    lab_veth: tx/tso/gso off
#   - `ip netns exec` hides /sys/fs/bpf                                           lab_in: nsenter --net

LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_BUILD=${ASA_BUILD:-$LAB_ROOT/build}
LAB_TAG=asa-lab-$$
LAB_DIR=
LAB_TITLE=
LAB_BPFFS=/sys/fs/bpf
LAB_MOUNTED=
LAB_PASS=0
LAB_FAIL=0
LAB_SKIP=0
LAB_NS=()
declare -A LAB_PID=()

PYTHON=/usr/bin/python3		# Debian's: the one that has scapy

# ---------------------------------------------------------------------------------------------- checks

lab_pass() {
	LAB_PASS=$((LAB_PASS + 1))
	echo "PASS  $LAB_TITLE: $1"
}

# lab_fail DESCRIPTION [DETAIL]
lab_fail() {
	LAB_FAIL=$((LAB_FAIL + 1))
	echo "FAIL  $LAB_TITLE: $1"
	[ -n "${2:-}" ] && printf '%s\n' "$2" | head -n 25 | sed 's/^/      | /'
	if [ -n "${DEBUG_LAB:-}" ] && [ -t 0 ]; then
		lab_shell
	fi
	return 0
}

# lab_skip DESCRIPTION REASON: a skip is counted and gives its reason, never silent.
lab_skip() {
	LAB_SKIP=$((LAB_SKIP + 1))
	echo "SKIP  $LAB_TITLE: $1 ($2)"
}

# The command runs in this shell, not in a subshell, so that what it starts stays known: output by a file.
lab_run() {
	"$@" >"$LAB_DIR/out" 2>&1
}

# ok DESCRIPTION COMMAND…: passes when the command succeeds.
ok() {
	local what=$1
	shift
	if lab_run "$@"; then
		lab_pass "$what"
	else
		lab_fail "$what" "command: $*
$(cat "$LAB_DIR/out")"
	fi
}

# not_ok DESCRIPTION COMMAND…: passes when the command fails.
not_ok() {
	local what=$1
	shift
	if lab_run "$@"; then
		lab_fail "$what" "should have failed: $*
$(cat "$LAB_DIR/out")"
	else
		lab_pass "$what"
	fi
}

# has DESCRIPTION REGEX COMMAND…: passes when a line of the output (both streams) matches.
has() {
	local what=$1 re=$2
	shift 2
	lab_run "$@"
	if grep -Eq -- "$re" "$LAB_DIR/out"; then
		lab_pass "$what"
	else
		lab_fail "$what" "no line matches: $re
in the output of: $*
$(cat "$LAB_DIR/out")"
	fi
}

# has_not DESCRIPTION REGEX COMMAND…: the command succeeds and no line of its output matches.
has_not() {
	local what=$1 re=$2 rc
	shift 2
	lab_run "$@"
	rc=$?
	if [ $rc -ne 0 ]; then
		lab_fail "$what" "status $rc: $*
$(cat "$LAB_DIR/out")"
	elif grep -Eq -- "$re" "$LAB_DIR/out"; then
		lab_fail "$what" "a line matches: $re
$(cat "$LAB_DIR/out")"
	else
		lab_pass "$what"
	fi
}

# num DESCRIPTION A OP B: integer comparison, OP as in test(1).
num() {
	if [[ "$2" =~ ^-?[0-9]+$ && "$4" =~ ^-?[0-9]+$ ]] && [ "$2" "$3" "$4" ]; then
		lab_pass "$1 ($2 $3 $4)"
	else
		lab_fail "$1" "expected: $2 $3 $4"
	fi
}

# lab_wait SECONDS COMMAND…: polls until the command succeeds.
# => 0 when it did in time
lab_wait() {
	local end=$((SECONDS + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && return 1
		sleep 0.1
	done
}

# ---------------------------------------------------------------------------------------------- life cycle

lab_begin() {
	LAB_TITLE=$1
	if [ "$(id -u)" -ne 0 ]; then
		lab_skip "whole story" "needs root for network namespaces and BPF"
		lab_end
		exit $?
	fi
	LAB_DIR=$(mktemp -d "/tmp/$LAB_TAG.XXXXXX") || exit 1
	chmod 755 "$LAB_DIR"
	trap lab_clean EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	if ! mountpoint -q $LAB_BPFFS; then
		mount -t bpf bpf $LAB_BPFFS || { echo "lab: cannot mount bpffs on $LAB_BPFFS" >&2; exit 1; }
	fi
	ulimit -l unlimited 2>/dev/null
}

# Fails the story early, with one line, when the product is not built.
lab_need_build() {
	local f

	for f in asad asactl asa_xdp.bpf.o; do
		[ -e "$LAB_BUILD/$f" ] && continue
		lab_fail "needs $LAB_BUILD/$f" "run make first"
		lab_end
		exit 1
	done
}

lab_end() {
	local f

	for f in "$LAB_DIR"/unreadable.*; do
		[ -e "$f" ] && lab_fail "map ${f##*.} could be read each time"
	done
	# The line that check.sh adds up.
	[ -n "${LAB_QUIET:-}" ] || echo "$LAB_PASS passed, $LAB_FAIL failed, $LAB_SKIP skipped"
	[ $LAB_FAIL -eq 0 ]
}

lab_clean() {
	local rc=$? n ns

	trap - EXIT
	trap '' INT TERM
	for n in "${!LAB_PID[@]}"; do
		kill -CONT "${LAB_PID[$n]}" 2>/dev/null
		kill -TERM "${LAB_PID[$n]}" 2>/dev/null
	done
	for n in "${!LAB_PID[@]}"; do
		lab_reap "${LAB_PID[$n]}" 3
	done
	[ -e "$LAB_DIR/probe/pid" ] && kill "$(cat "$LAB_DIR/probe/pid")" 2>/dev/null
	for ns in "${LAB_NS[@]}"; do
		# Whatever a server left behind in our own namespace (workers that changed their session).
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	rm -rf "$LAB_BPFFS/$LAB_TAG"-*
	if [ -n "${LAB_KEEP:-}" ]; then
		echo "lab: logs kept in $LAB_DIR" >&2
	elif [ -n "$LAB_DIR" ]; then
		rm -rf "$LAB_DIR"
	fi
	exit $rc
}

# lab_reap PID SECONDS: waits for a child to end, then insists.
lab_reap() {
	local i

	for ((i = 0; i < $2 * 20; i++)); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

lab_shell() {
	local ns

	echo "lab: stopped inside the topology; namespaces:" >&2
	for ns in "${LAB_NS[@]}"; do
		echo "    nsenter --net=/run/netns/$ns" >&2
	done
	echo "lab: logs in $LAB_DIR; leave the shell to go on" >&2
	(cd "$LAB_DIR" && bash -i)
}

# ---------------------------------------------------------------------------------------------- topology

# lab_ns NAME…: new namespaces.  Short names are used everywhere in a story.
lab_ns() {
	local n ns

	for n in "$@"; do
		ns=$LAB_TAG-$n
		ip netns add "$ns" || return 1
		LAB_NS+=("$ns")
		lab_in "$n" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.accept_ra=0 net.ipv4.conf.all.send_redirects=0 \
			net.ipv4.conf.default.send_redirects=0
		ip -n "$ns" link set lo up
	done
}

# lab_in NAME COMMAND…: runs in the namespace and keeps /sys/fs/bpf in sight.
lab_in() {
	local n=$1
	shift
	nsenter --net="/run/netns/$LAB_TAG-$n" "$@"
}

lab_ip() {
	local n=$1
	shift
	ip -n "$LAB_TAG-$n" "$@"
}

# lab_veth NS_A IF_A NS_B IF_B [QUEUES]: a cable, both ends up, with the settings of a veth under XDP.
lab_veth() {
	local q=${5:-1}

	# Made inside the namespace, so that interface indexes stay small.
	lab_ip "$1" link add "$2" numtxqueues "$q" numrxqueues "$q" type veth \
		peer name "$4" numtxqueues "$q" numrxqueues "$q" netns "$LAB_TAG-$3" || return 1
	lab_in "$1" ethtool -K "$2" tx off tso off gso off >/dev/null 2>&1
	lab_in "$3" ethtool -K "$4" tx off tso off gso off >/dev/null 2>&1
	lab_ip "$1" link set "$2" up
	lab_ip "$3" link set "$4" up
	# Only on an interface that is up does this make the far end a target of redirects, when that end was up first.
	lab_in "$1" ethtool -K "$2" gro on >/dev/null 2>&1
	lab_in "$3" ethtool -K "$4" gro on >/dev/null 2>&1
}

# lab_lan NS BRIDGE PEER_NS:PEER_IF…: a LAN segment; every peer gets a cable to the bridge.
lab_lan() {
	local ns=$1 br=$2 p i=0
	shift 2
	lab_ip "$ns" link add "$br" type bridge stp_state 0 mcast_snooping 0 || return 1
	lab_ip "$ns" link set "$br" up
	for p in "$@"; do
		i=$((i + 1))
		lab_veth "$ns" "$br-p$i" "${p%%:*}" "${p#*:}" || return 1
		lab_ip "$ns" link set "$br-p$i" master "$br"
	done
}

# lab_addr NS IF ADDRESS/LEN…
lab_addr() {
	local ns=$1 dev=$2 a
	shift 2
	for a in "$@"; do
		case $a in
		*:*) lab_ip "$ns" addr add "$a" dev "$dev" nodad ;;
		*) lab_ip "$ns" addr add "$a" dev "$dev" ;;
		esac
	done
}

lab_route() {
	local ns=$1
	shift
	case $1 in
	*:* | -6) [ "$1" = -6 ] && shift; ip -n "$LAB_TAG-$ns" -6 route replace "$@" ;;
	*) lab_ip "$ns" route replace "$@" ;;
	esac
}

lab_mac() {
	lab_ip "$1" -o link show "$2" | sed -n 's/.*link\/ether \([0-9a-f:]*\).*/\1/p'
}

# ---------------------------------------------------------------------------------------------- processes

# lab_spawn NAME NS COMMAND…: background process; output in $LAB_DIR/NAME.log, id in LAB_PID[NAME].
lab_spawn() {
	local name=$1 ns=$2
	shift 2
	# nsenter --net does not fork: the process id is the one of the command.
	nsenter --net="/run/netns/$LAB_TAG-$ns" "$@" </dev/null >"$LAB_DIR/$name.log" 2>&1 &
	LAB_PID[$name]=$!
}

# lab_stop NAME [SIGNAL [SECONDS]]
lab_stop() {
	local pid=${LAB_PID[$1]:-}

	[ -n "$pid" ] || return 0
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	lab_reap "$pid" "${3:-5}"
	unset "LAB_PID[$1]"
}

lab_alive() {
	[ -n "${LAB_PID[$1]:-}" ] && kill -0 "${LAB_PID[$1]}" 2>/dev/null
}

lab_log() {
	cat "$LAB_DIR/$1.log"
}

# lab_listening NS PORT [u]: somebody listens on the TCP (UDP with u) port there.
lab_listening() {
	local t=-ltn

	[ "${3:-}" = u ] && t=-lun
	lab_in "$1" ss -H $t "sport = :$2" | grep -q .
}

# lab_nginx NAME NS PORT: a web server on every address of the namespace; document root $LAB_DIR/NAME.www,
# PUT is accepted below /up/.
lab_nginx() {
	local d=$LAB_DIR/$1.www

	mkdir -p "$d/up" "$LAB_DIR/$1.tmp"
	chmod 777 "$d/up" "$LAB_DIR/$1.tmp"
	cat >"$LAB_DIR/$1.conf" <<-CONF
		worker_processes 1;
		daemon off;
		master_process off;
		user root;
		pid $LAB_DIR/$1.pid;
		error_log stderr warn;
		events { worker_connections 512; }
		http {
			access_log off;
			client_max_body_size 0;
			client_body_temp_path $LAB_DIR/$1.tmp;
			proxy_temp_path $LAB_DIR/$1.tmp;
			fastcgi_temp_path $LAB_DIR/$1.tmp;
			uwsgi_temp_path $LAB_DIR/$1.tmp;
			scgi_temp_path $LAB_DIR/$1.tmp;
			server {
				listen $3;
				listen [::]:$3;
				root $d;
				location /up/ { dav_methods PUT DELETE; }
			}
		}
	CONF
	lab_spawn "$1" "$2" nginx -c "$LAB_DIR/$1.conf" -p "$LAB_DIR"
	lab_wait 5 lab_listening "$2" "$3"
}

# lab_iperf NAME NS PORT: an iperf3 server that stays.
lab_iperf() {
	lab_spawn "$1" "$2" iperf3 -s -p "$3"
	lab_wait 5 lab_listening "$2" "$3"
}

# lab_probe NS:IF NS:IF MAC EXPRESSION [SECONDS]: sends hand-made packets (a scapy expression from the network
# layer up, or from Ether() up when it starts with it) out of the first interface to MAC and prints what the
# second interface got, one line a packet; see tests/net/packets.py.
lab_probe() {
	local from=$1 to=$2
	shift 2
	lab_probe_server
	"$PYTHON" -SE "$LAB_ROOT/tests/net/probe.py" ask "$LAB_DIR/probe.sock" "$LAB_TAG-${from%%:*}" "${from#*:}" \
		"$LAB_TAG-${to%%:*}" "${to#*:}" "$1" "$2" "${3:-0.5}"
}

# Loading scapy takes longer than most probes: one process does it for the story.  The first probe may be in a
# subshell, so that the process is known by a file.
lab_probe_server() {
	mkdir "$LAB_DIR/probe" 2>/dev/null || return 0
	"$PYTHON" "$LAB_ROOT/tests/net/probe.py" serve "$LAB_DIR/probe.sock" </dev/null >"$LAB_DIR/probe/log" 2>&1 &
	echo $! >"$LAB_DIR/probe/pid"
}

# lab_ghost FW IF ADDRESS NS NSIF: an address that no kernel answers for; the firewall finds it at NS's station.
lab_ghost() {
	lab_ip "$1" neigh replace "$3" lladdr "$(lab_mac "$4" "$5")" dev "$2" nud permanent
}

# ---------------------------------------------------------------------------------------------- firewalls

lab_sock() { echo "$LAB_DIR/$1.sock"; }
lab_pins() { echo "$LAB_BPFFS/$LAB_TAG-$1"; }

# lab_asad NS [ARGUMENT…]: starts a firewall in the namespace and waits until it says that it is ready.
# => uses $LAB_DIR/NS.startup as start-up configuration (made empty if it is not there)
lab_asad() {
	local ns=$1
	shift
	[ -e "$LAB_DIR/$ns.startup" ] || : >"$LAB_DIR/$ns.startup"
	rm -f "$LAB_DIR/asad-$ns.log" # the ready line of the one before
	lab_spawn "asad-$ns" "$ns" "$LAB_BUILD/asad" -F -c "$LAB_DIR/$ns.startup" -s "$(lab_sock "$ns")" \
		-p "$(lab_pins "$ns")" -o "$LAB_BUILD/asa_xdp.bpf.o" "$@"
	lab_asad_ready "$ns"
}

# => 0 when the daemon printed its ready line within ten seconds; a daemon that ended does not wait for it
lab_asad_ready() {
	local i

	for ((i = 0; i < 200; i++)); do
		grep -q '^asad: ready' "$LAB_DIR/asad-$1.log" 2>/dev/null && return 0
		lab_alive "asad-$1" || break
		sleep 0.05
	done
	echo "lab: asad in $1 is not ready; its log:" >&2
	tail -n 15 "$LAB_DIR/asad-$1.log" >&2
	return 1
}

# lab_asa NS COMMAND…: asactl to that firewall.
lab_asa() {
	local ns=$1
	shift
	"$LAB_BUILD/asactl" -s "$(lab_sock "$ns")" "$@"
}

# lab_conf NS: configuration lines from standard input.
lab_conf() {
	lab_asa "$1" -f -
}

# lab_drops NS KEYWORD: the count of a frame drop reason in `show asp drop` (0 when it is not listed). Flow reasons,
# which may have the same keyword, are not counted.
lab_drops() {
	lab_asa "$1" show asp drop | awk -v k="($2)" '
		/^Flow drop:/ { exit }
		index($0, k) { n += $NF }
		END { print n + 0 }'
}

# lab_conns NS: connections in use, from the first line of `show conn count`.
lab_conns() {
	lab_asa "$1" show conn count | sed -n 's/^\([0-9]*\) in use.*/\1/p'
}

# lab_map_sum NS MAP [FIELD]: sum over all rows and CPUs of one field (packets) of a pinned statistics map; a map
# that cannot be read counts as 0 and fails the story at its end.
lab_map_sum() {
	local v

	v=$(bpftool -j map dump pinned "$(lab_pins "$1")/$2" 2>/dev/null |
		"$PYTHON" "$LAB_ROOT/tests/net/mapsum.py" "${3:-packets}" 2>/dev/null)
	if [ -z "$v" ]; then
		: >"$LAB_DIR/unreadable.$2"
		v=0
	fi
	echo "$v"
}

# lab_simple: client (cli) - firewall (fw) - server (srv), addresses on Linux, no configuration yet.
#   cli 10.1.1.10/24, 2001:db8:1::10/64   fw in0 .1, out0 .1   srv 198.51.100.10/24, 2001:db8:2::10/64
lab_simple() {
	lab_ns cli fw srv &&
	lab_veth cli eth0 fw in0 "${1:-1}" &&
	lab_veth srv eth0 fw out0 "${1:-1}" || return 1
	lab_addr cli eth0 10.1.1.10/24 2001:db8:1::10/64
	lab_addr srv eth0 198.51.100.10/24 2001:db8:2::10/64
	lab_addr fw in0 10.1.1.1/24 2001:db8:1::1/64
	lab_addr fw out0 198.51.100.1/24 2001:db8:2::1/64
	lab_route cli default via 10.1.1.1
	lab_route cli -6 default via 2001:db8:1::1
	lab_route srv default via 198.51.100.1
	lab_route srv -6 default via 2001:db8:2::1
}

# lab_simple_conf: names and levels of that firewall.
lab_simple_conf() {
	lab_conf fw <<-CONF
		interface in0
		 nameif inside
		 security-level 100
		!
		interface out0
		 nameif outside
		 security-level 0
		!
	CONF
}
