#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Storms of segments between two real stacks, spoiled on the way to the firewall: late, lost, doubled (tests/net/shuffle.py:
# netem is not in every kernel). With queue-limit the receiver gets everything in order, with check-retransmission nothing
# that is right is lost, and what both sides read is what was written. Traffic without such a class does not visit the daemon.
# STORM_SECONDS=600 makes each storm ten minutes long (default 2).
# All of it through PAT, with random sequence numbers.
# Proves NRM-10, NRM-15, NRM-32, NRM-33.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "storm of segments"
lab_need_build
STORM=${STORM_SECONDS:-2}
topology() {
	local i

	lab_ns cli cable fw srv &&
	lab_veth cli eth0 cable a0 && lab_veth fw in0 cable b0 && lab_veth fw out0 cable c0 && lab_veth srv eth0 cable d0 || return 1
	for i in a0 b0 c0 d0; do # frames as they were sent, not merged
		lab_ip cable link set $i gro_max_size 1000 || return 1
	done
	lab_addr cli eth0 10.1.1.10/24
	lab_addr srv eth0 198.51.100.10/24
	lab_addr fw in0 10.1.1.1/24
	lab_addr fw out0 198.51.100.1/24
	lab_route cli default via 10.1.1.1
	lab_route srv default via 198.51.100.1
}
topology || lab_fail "topology"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf() {
	lab_conf fw <<-'CONF'
		tcp-map ordered
		 queue-limit 250
		tcp-map ten
		 queue-limit 10
		tcp-map compared
		 queue-limit 10 timeout 2
		 check-retransmission
		object network hosts
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) dynamic interface
		class-map ordered
		 match port tcp eq 7001
		class-map ten
		 match port tcp eq 7002
		class-map compared
		 match port tcp eq 7003
		class-map cookies
		 match port tcp eq 7004
		policy-map P
		 class cookies
		  set connection embryonic-conn-max 1
		  set connection advanced-options compared
		 class ordered
		  set connection advanced-options ordered
		 class ten
		  set connection advanced-options ten
		 class compared
		  set connection advanced-options compared
		service-policy P interface inside
	CONF
}
ok "classes with queue-limit and check-retransmission" conf
lab_spawn server srv "$PYTHON" "$LAB_ROOT/tests/net/stream.py" server 7000 7001 7002 7003 7004
lab_wait 5 lab_listening srv 7004 || lab_fail "server listens"

cable() { # cable LOSS LATE DOUBLE
	lab_stop cable
	lab_spawn cable cable "$PYTHON" "$LAB_ROOT/tests/net/shuffle.py" "$@" 20 a0 b0 d0 c0
	lab_wait 5 lab_in cli ping -c1 -W1 198.51.100.10
}
stream() { lab_in cli timeout $((STORM + 100)) "$PYTHON" "$LAB_ROOT/tests/net/stream.py" client 198.51.100.10 "$@"; }
# Segments that a receiver found out of order, both ends together.
disorder() {
	local n

	for n in cli srv; do
		lab_in $n nstat -asz TcpExtTCPOFOQueue | awk '/OFO/ { print $2 }'
	done | awk '{ n += $1 } END { print n + 0 }'
}

cable 0 10 0 || lab_fail "the cable carries a ping"
before=$(disorder)
punts=$(lab_map_sum fw asa_punts)
has "NRM-10: without a class, late segments, every byte right" '^equal 1 ' stream 7000 1000000 0
num "NRM-10: queue-limit 0: segments pass out of order" $(($(disorder) - before)) -gt 20
num "NRM-10: queue-limit 0: the daemon was asked for the handshake only" $(($(lab_map_sum fw asa_punts) - punts)) -le 12

before=$(disorder)
has "NRM-10: queue-limit 250: late segments, every byte right" '^equal 1 ' stream 7001 1000000 0
num "NRM-10: queue-limit 250: no receiver saw a segment out of order" $(($(disorder) - before)) -eq 0
num "NRM-10: nothing was dropped for it" "$(lab_drops fw tcp-buffer-full)" -eq 0

cable 1 5 2 || lab_fail "the cable carries a ping"
before=$(disorder)
has "NRM-10: queue-limit 10, storm: every byte right" '^equal [0-9]+ ' stream 7002 15000 "$STORM" 8
num "NRM-10: queue-limit 10, storm: no receiver saw a segment out of order" $(($(disorder) - before)) -eq 0
has "NRM-15: check-retransmission, storm: every byte right" '^equal [0-9]+ ' stream 7003 15000 "$STORM" 8
has "NRM-15: the same behind TCP intercept" '^equal [0-9]+ ' stream 7004 15000 1 12
has "NRM-15: some of these clients got cookies" '198.51.100.10' lab_asa fw show threat-detection statistics top tcp-intercept
num "NRM-15: no retransmission was taken for another" "$(lab_drops fw tcp-dup-data-mismatch)" -eq 0
num "NRM-33: no checksum came out wrong" "$(lab_drops fw bad-tcp-cksum)" -eq 0

# Once more with somebody who looks: what was shown of each stream ends with the hash of the rest. Connections of before,
# whose last segments may still be on their way, would be shown from the middle on.
lab_asa fw clear conn >/dev/null
lab_stop asad-fw
lab_asad fw --stream-log "$LAB_DIR/streams" || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf >/dev/null 2>&1
before=$(disorder)
has "NRM-33: queue-limit 10, storm, shown: every byte right" '^equal [0-9]+ ' stream 7002 15000 1 8
num "NRM-33: queue-limit 10, storm, shown: no receiver saw a segment out of order" $(($(disorder) - before)) -eq 0
has "NRM-33: check-retransmission, storm, shown: every byte right" '^equal [0-9]+ ' stream 7003 15000 1 8
has "NRM-33: every byte of every stream was shown once and in order" '^[1-9][0-9]+ streams shown, 0 wrong' \
	"$PYTHON" "$LAB_ROOT/tests/net/stream.py" shown "$LAB_DIR/streams"
lab_stop cable
has "the cable did spoil" 'lost [1-9][0-9]* late [1-9][0-9]* doubled [1-9]' lab_log cable
has_not "the server saw every byte right" 'DIFFERENT' lab_log server
ok "the firewall is still there" lab_alive asad-fw
lab_end
