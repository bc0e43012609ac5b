#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an inspector would see against what a real stack gives to its application: overlaps, TTL, checksums, urgent data,
# data in the SYN, windows, early and late FINs, sent by hand through a firewall with check-retransmission and a queue.
# A recorder in the place of an inspector (build/tests/test_order replay) sees the same frames in the same order.
# Proves NRM-33, NRM-15, NRM-4.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "evasion"
lab_need_build
RECORDER=$LAB_BUILD/tests/test_order
[ -x "$RECORDER" ] || lab_fail "needs $RECORDER" "run make unit first"
topology() {
	lab_simple || return 1
	# A router between firewall and server: where a short TTL ends.
	lab_ns hop && lab_veth hop h0 srv eth1 || return 1
	lab_ip srv addr flush dev eth0
	lab_ip srv link set eth0 netns "$LAB_TAG-hop" || return 1
	lab_in hop ethtool -K eth0 tx off tso off gso off gro on >/dev/null 2>&1
	lab_ip hop link set eth0 up
	lab_addr hop eth0 198.51.100.2/24
	lab_addr hop h0 203.0.113.1/24
	lab_addr srv eth1 203.0.113.10/24
	lab_in hop sysctl -qw net.ipv4.ip_forward=1
	lab_route hop 10.1.1.0/24 via 198.51.100.1
	lab_route srv default via 203.0.113.1
	lab_route fw 203.0.113.0/24 via 198.51.100.2
	lab_ghost fw in0 10.1.1.66 cli eth0
}
topology || lab_fail "topology"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf() {
	lab_conf fw <<-'CONF'
		tcp-map strict
		 queue-limit 20
		 check-retransmission
		class-map web
		 match port tcp eq 80
		policy-map P
		 class web
		  set connection random-sequence-number disable
		  set connection advanced-options strict
		service-policy P interface inside
	CONF
}
ok "a class with check-retransmission" conf
lab_spawn server srv "$PYTHON" "$LAB_ROOT/tests/net/evasion.py" server 80 "$LAB_DIR"
lab_wait 5 lab_listening srv 80 || lab_fail "server listens"
lab_wait 5 lab_in srv ping -c1 -W1 198.51.100.1 || lab_fail "server and firewall see each other"

lab_in cli "$PYTHON" "$LAB_ROOT/tests/net/evasion.py" eth0 10.1.1.66 203.0.113.10 80 "$(lab_mac fw in0)" "$LAB_DIR/frames" >"$LAB_DIR/cases" ||
	lab_fail "cases were sent" "$(cat "$LAB_DIR/cases")"
ok "the recorder reads the frames" sh -c "'$RECORDER' replay '$LAB_DIR/frames' '$LAB_DIR' >&2"
n=0
while read -r port name; do
	n=$((n + 1))
	read_=$(cat "$LAB_DIR/srv.$port" 2>/dev/null)
	seen=$(cat "$LAB_DIR/rec.$port" 2>/dev/null)
	if [ -n "$seen" ] && [ "$read_" = "$seen" ]; then
		lab_pass "NRM-33: $name: application and inspector agree ($seen)"
	elif [[ $name == short* ]] && [[ $seen == "$read_"* ]]; then
		# What died on the way never arrives, in no version; nothing else may take its place.
		lab_pass "NRM-33: $name: the application got no other version ($read_ of $seen)"
	else
		lab_fail "NRM-33: $name" "the application read \"$read_\", the inspector saw \"$seen\""
	fi
	[[ $read_ == *EV* || $read_ == *EVIL* || $read_ == *REAL* || $read_ == *XX* ]] &&
		lab_fail "NRM-33: $name: bytes that came second" "$read_"
done <"$LAB_DIR/cases"
num "all cases were compared" "$n" -ge 26
num "NRM-15: other bytes were found out" "$(lab_drops fw tcp-dup-data-mismatch)" -ge 6
num "NRM-33: bad checksums were found out" "$(lab_drops fw bad-tcp-cksum)" -ge 2
lab_end
