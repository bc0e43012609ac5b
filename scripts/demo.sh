#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh - `make demo`: two real firewalls carry a real asymmetric TCP transfer with TCP state bypass, and refuse
# it without.
#
# Responsible for: telling what it does while it does it; status 0 only if every expectation held.
# Not responsible for: building (the Makefile did); the topology and the configuration (lab-bypass.sh).
# Everything happens in network namespaces that are gone at the end, however it ends.  DEBUG_LAB=1 stops in a shell
# inside the topology when an expectation fails.

. "$(dirname "$0")/lab.sh"
. "$LAB_ROOT/scripts/lab-bypass.sh"

bold='' dim='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

step() { printf '\n%s== %s%s\n\n' "$bold" "$1" "$plain"; }
tell() { printf '%s\n' "$@"; }
# show WHERE COMMAND…: the command as one would type it, and its output.
show() {
	local where=$1
	shift
	case $where in
	fw1 | fw2)
		echo "$dim$where# $*$plain"
		lab_asa "$where" "$@" | sed 's/^/    /'
		;;
	*)
		echo "$dim$where\$ $*$plain"
		"$@" 2>&1 | sed 's/^/    /'
		;;
	esac
}

LAB_QUIET=1
if [ "$(id -u)" -ne 0 ]; then
	echo "make demo needs root: it makes network namespaces and loads BPF programs." >&2
	exit 1
fi
lab_begin demo
lab_need_build

step "Two firewalls between one client and one server, asymmetric routing"
cat <<'PICTURE'
    client 10.1.1.10 --+-- in0 [firewall 1] out0 --+-- server 172.16.1.10
                       |                           |
                       +-- in0 [firewall 2] out0 --+      10.1.1.0/24 is 192.168.1.0/24 outside (static NAT)

    The client's segments leave by firewall 1.  The server's come back by firewall 2, which never saw the SYN.
PICTURE
scenario1_net || { lab_fail "namespaces and cables"; exit 1; }
ok "firewall 1 is ready (asad, XDP program on in0 and out0)" lab_asad fw1
ok "firewall 2 is ready" lab_asad fw2
[ $LAB_FAIL -eq 0 ] || exit 1

step "Configuration of firewall 1, as an operator types it"
{ scenario1_interfaces; scenario1_fw1; } >"$LAB_DIR/fw1.conf"
sed 's/^/    /' "$LAB_DIR/fw1.conf"
ok "firewall 1 takes it (asactl -f)" lab_asa fw1 -f "$LAB_DIR/fw1.conf"
tell "" "Firewall 2: the same with the access list's source and destination exchanged, and an access list that lets" \
	"the returning segments in from outside."
{ scenario1_interfaces; scenario1_fw2; } >"$LAB_DIR/fw2.conf"
ok "firewall 2 takes it" lab_asa fw2 -f "$LAB_DIR/fw2.conf"

step "A real transfer: curl from nginx, 20 MB down and up, then iperf3"
ok "web server on 172.16.1.10" lab_nginx web srv 80
ok "iperf3 server on 172.16.1.10" lab_iperf iperf srv 5201
head -c 20000000 /dev/urandom >"$LAB_DIR/web.www/file"
sum=$(sha256sum <"$LAB_DIR/web.www/file")
down() { [ "$(lab_in cli curl -sf -m 20 http://172.16.1.10/file | sha256sum)" = "$sum" ]; }
up() {
	lab_in cli curl -sf -m 20 -T "$LAB_DIR/web.www/file" http://172.16.1.10/up/copy &&
		cmp -s "$LAB_DIR/web.www/file" "$LAB_DIR/web.www/up/copy"
}
ok "download completes, every byte right" down
ok "upload completes, every byte right" up
lab_in cli iperf3 -c 172.16.1.10 -t 2 -i 0 >"$LAB_DIR/bulk" 2>&1
has "iperf3 through both firewalls" 'receiver' cat "$LAB_DIR/bulk"
grep -E 'sender|receiver' "$LAB_DIR/bulk" | sed 's/^/    /'

tell "" "Each firewall has its own half of every connection, flag b (TCP state bypass):"
show fw1 show conn
show fw2 show conn
has "firewall 1 lists bypass connections" '^TCP outside 172\.16\.1\.10:80 inside 10\.1\.1\.10.*flags b$' lab_asa fw1 show conn
has "firewall 2 lists bypass connections" '^TCP outside 172\.16\.1\.10:80 inside 10\.1\.1\.10.*flags b$' lab_asa fw2 show conn
tell "" "Only the first segment of each went through the daemon; the XDP program forwarded the rest:"
lab_asa fw2 show conn detail >"$LAB_DIR/detail"
grep -m 4 -B 2 'driver packets' "$LAB_DIR/detail" | sed 's/^/    /'
worst=$(sed -n 's/.*daemon packets \([0-9]*\).*/\1/p' "$LAB_DIR/detail" | sort -n | tail -n 1)
num "packets of a connection that visited firewall 2's daemon, at most" "${worst:-none}" -le 1

step "Without bypass on firewall 2"
tell "    policy-map tcp_bypass_policy" "     class tcp_bypass" "      no set connection advanced-options tcp-state-bypass"
ok "firewall 2 takes it" scenario1_bypass fw2 off
lab_asa fw2 clear conn >/dev/null
not_ok "the same download is refused: firewall 2 drops the SYN-ACK" lab_in cli curl -sf -m 3 -o /dev/null http://172.16.1.10/file
num "tcp-not-syn is counted on firewall 2" "$(lab_drops fw2 tcp-not-syn)" -gt 0
show fw2 show asp drop

step "With bypass again"
ok "firewall 2 takes it" scenario1_bypass fw2 on
ok "the download completes" down

step "What an operator looks at"
show fw2 show conn count
show fw1 show xlate
show fw2 show interface
tell "" "The same counters from outside, without any program of ours:"
show fw2-host bpftool map dump pinned "$(lab_pins fw2)/asa_punts" | head -n 24
rows=$(bpftool -j map dump pinned "$(lab_pins fw2)/asa_stats" 2>/dev/null | "$PYTHON" -c 'import json, sys; print(len(json.load(sys.stdin)))')
num "rows of counters read by bpftool from asa_stats" "${rows:-0}" -gt 0

step "Result"
echo "$LAB_PASS expectations held, $LAB_FAIL did not ($SECONDS s)"
[ $LAB_FAIL -eq 0 ]
