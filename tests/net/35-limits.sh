#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Limits of a class under load from several senders, through two queues and two workers; a better route.
# Proves LIM-2, LIM-3, LIM-8, LIM-9, LIM-10, GTO-11.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "limits"
lab_need_build
lab_ns cli fw srv && lab_veth cli eth0 fw in0 2 && lab_veth srv eth0 fw out0 && lab_veth srv eth1 fw dmz0 || lab_fail "topology"
lab_addr cli eth0 10.1.1.10/24 10.1.1.11/24
lab_addr srv eth0 198.51.100.10/24 203.0.113.10/32
lab_addr srv eth1 192.0.2.10/24
lab_addr fw in0 10.1.1.1/24
lab_addr fw out0 198.51.100.1/24
lab_addr fw dmz0 192.0.2.1/24
lab_route cli default via 10.1.1.1
lab_route srv default via 198.51.100.1
lab_route fw 203.0.113.0/24 via 198.51.100.10 metric 50
ok "firewall starts" lab_asad fw --workers 2
limit() {
	lab_conf fw <<-CONF
		timeout-floor none
		timeout floating-conn 0:0:2
		interface in0
		 nameif inside
		 security-level 100
		interface out0
		 nameif outside
		 security-level 0
		interface dmz0
		 nameif dmz
		 security-level 0
		class-map all
		 match any
		policy-map limits
		 class all
		  set connection conn-max $1 per-client-max $2
		service-policy limits global
	CONF
}
ok "LIM-2: limits in a class" limit 50 40

# Eight senders at once, each 200 datagrams from ports of its own: 1,600 connections wanted.
crowd() {
	local i

	for i in 1 2 3 4 5 6 7 8; do
		lab_in cli "$PYTHON" -c '
import socket, sys
for n in range(200):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.1.1.%d" % (10 + n % 2), 0))
    s.sendto(b"x", ("198.51.100.10", 5000))
    s.close()' &
	done
	wait $(jobs -p | grep -v -e "^${LAB_PID[asad-fw]}$")
}
most() { lab_asa fw show conn count | sed -n 's/.*, \([0-9]*\) most used.*/\1/p'; }
crowd
num "LIM-8: never one too many" "$(most)" -le 50
num "LIM-8: and not one too few" "$(lab_conns fw)" -eq 50
has "LIM-10: show service-policy: what is there and what was refused" 'current embryonic conns 0, current conns 50, drop [1-9][0-9]{2,}' \
	lab_asa fw show service-policy
refused() { [ "$(lab_drops fw conn-limit)" -ge 1000 ]; }
ok "LIM-2: the refused are counted as conn-limit" lab_wait 5 refused
lab_asa fw clear conn >/dev/null
lab_asa fw clear service-policy >/dev/null
ok "LIM-3: fewer per client" limit 50 5
crowd
num "LIM-3: two clients with five each" "$(lab_conns fw)" -eq 10
has "LIM-10: the drops per client" 'per-client drop [1-9][0-9]{2,}' lab_asa fw show service-policy
ok "LIM-9: a limit below the present count" limit 4 5
num "LIM-9: tears nothing down" "$(lab_conns fw)" -eq 10
lab_asa fw clear conn >/dev/null
ok "no limits" limit 0 0

# GTO-11: a real better route while a connection runs.
lab_spawn server srv "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("203.0.113.10", 7000))
while True:
    d, a = s.recvfrom(100)
    s.sendto(d, a)'
lab_spawn talk cli "$PYTHON" -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.1.1.10", 7001))
s.settimeout(1)
while True:
    s.sendto(b"x", ("203.0.113.10", 7000))
    time.sleep(0.05)'
lab_in srv sysctl -qw net.ipv4.conf.all.accept_local=1
id() { lab_asa fw show conn detail | sed -n 's/.*conn id \([0-9]*\).*/\1/p'; }
there() { [ -n "$(id)" ]; }
another() { # one answer: between two there may be no connection at all
	local now
	now=$(id)
	[ -n "$now" ] && [ "$now" != "$first" ]
}
sent() { lab_ip fw -j -s link show dmz0 | "$PYTHON" -c 'import json,sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])'; }
ok "GTO-11: a connection by the only route" lab_wait 3 there
first=$(id)
sleep 0.5
lab_route fw 203.0.113.0/24 via 192.0.2.10 metric 10
sleep 1
num "GTO-11: a better route does not end it at once" "$(id)" -eq "$first"
ok "GTO-11: after floating-conn it is made anew" lab_wait 5 another
first=$(id)
before=$(sent)
sleep 2.5
num "GTO-11: and stays" "$(id)" -eq "$first"
num "GTO-11: over the better route" "$(sent)" -gt $((before + 20))
has "GTO-11: the value is shown" 'timeout floating-conn 0:00:02' lab_asa fw show timeout floating-conn
lab_end
