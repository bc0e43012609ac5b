#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The adaptive security algorithm with real programs: TCP, UDP and ICMP from a higher to a lower security level
# and not the other way, flags of `show conn`, the fast path, `clear conn`, traffic to the box, messages.
# Proves SES-2, SES-4, SES-10, SES-11, SES-12, SES-13, SES-14, ACL-1, ACL-5, OBS-1.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "sessions"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
ok "firewall starts" lab_asad fw
ok "interfaces by nameif and level" lab_simple_conf
lab_asa fw configure 'logging enable
logging buffered informational' >/dev/null
lab_nginx web srv 80 && lab_iperf iperf srv 5201 || lab_fail "servers start"
lab_nginx back cli 80
head -c 5000000 /dev/urandom >"$LAB_DIR/web.www/file"
echo small >"$LAB_DIR/web.www/small"
echo inside >"$LAB_DIR/back.www/small"
sum=$(sha256sum <"$LAB_DIR/web.www/file")
get() { [ "$(lab_in cli curl -sf -m 15 "$1" | sha256sum)" = "$sum" ]; }

# SES-2, SES-10
ok "SES-2: higher to lower level without an access list, IPv4" get http://198.51.100.10/file
ok "SES-2: IPv6" get 'http://[2001:db8:2::10]/file'
not_ok "SES-2: lower to higher needs an access list" lab_in srv curl -sf -m 2 -o /dev/null http://10.1.1.10/small
num "SES-2: acl-drop is counted" "$(lab_drops fw acl-drop)" -gt 0
ok "SES-10: UDP both ways (iperf3 -u)" lab_in cli iperf3 -u -b 20M -c 198.51.100.10 -t 1 -i 0
ok "SES-12: bulk to the server" lab_in cli iperf3 -c 198.51.100.10 -t 1 -i 0
ok "SES-12: bulk from the server" lab_in cli iperf3 -c 198.51.100.10 -t 1 -i 0 -R
ok "SES-12: four at once" lab_in cli iperf3 -c 198.51.100.10 -t 1 -i 0 -P 4

# Connections that stay open for the eye.
lab_spawn hold-srv srv nc -lk 198.51.100.10 7000
lab_wait 3 lab_listening srv 7000
lab_spawn hold-cli cli bash -c 'exec 3<>/dev/tcp/198.51.100.10/7000; echo hello >&3; sleep 60'
lab_wait 3 sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show conn port 7000 | grep -q 7000"
has "SES-11: show conn, one line" \
	'^TCP outside 198\.51\.100\.10:7000 inside 10\.1\.1\.10:[0-9]+, idle 0:00:[0-9]+, bytes [0-9]+, flags U.*$' \
	lab_asa fw show conn
has "SES-11: UDP shows no TCP flags" '^UDP outside 198\.51\.100\.10:5201 inside 10\.1\.1\.10:[0-9]+, idle .*, flags -' \
	lab_asa fw show conn
has "SES-11: flags show that data went out" 'flags U.*O' lab_asa fw show conn port 7000
has "SES-11: count" '^[0-9]+ in use, [0-9]+ most used$' lab_asa fw show conn count
has_not "SES-11: filter by port" ':5201' lab_asa fw show conn port 7000
has "SES-11: filter by address" '7000' lab_asa fw show conn address 10.1.1.10
has_not "SES-11: filter by another address" '7000' lab_asa fw show conn address 10.1.1.11
has_not "SES-11: filter by protocol" '^TCP' lab_asa fw show conn protocol udp
has "SES-11: long form" '^TCP outside: 198\.51\.100\.10/7000 .* inside: 10\.1\.1\.10/[0-9]+ ' lab_asa fw show conn long
ok "SES-11: JSON is one document" sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' --json show conn | $PYTHON -m json.tool"

# SES-12: one packet in the daemon, the SYN; SYN-ACK, FIN and the rest in the driver.
before=$(lab_map_sum fw asa_punts)
ok "a transfer to count" get http://198.51.100.10/file
after=$(lab_map_sum fw asa_punts)
num "SES-12: of a whole transfer the daemon saw only the SYN" "$((after - before))" -eq 1

# A connection that ends by FIN is gone soon, with its messages.
lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/small
has "SES-14: 302013" '%ASA-6-302013: Built outbound TCP connection [0-9]+ for outside:198\.51\.100\.10/80 \(198\.51\.100\.10/80\) to inside:10\.1\.1\.10/[0-9]+ \(10\.1\.1\.10/[0-9]+\)' \
	lab_asa fw show logging
fins() { lab_asa fw show logging | grep -q '%ASA-6-302014: Teardown TCP connection [0-9]* for outside:198.51.100.10/80 to inside:10.1.1.10/[0-9]* duration 0:00:0[0-9] bytes [0-9]* TCP FINs'; }
ok "SES-12, SES-14: both FINs end the connection: 302014 TCP FINs" lab_wait 70 fins
has "SES-14: 302015" '%ASA-6-302015: Built outbound UDP connection [0-9]+ for outside:198\.51\.100\.10/5201' lab_asa fw show logging

# Resets.
lab_in cli bash -c 'exec 3<>/dev/tcp/198.51.100.10/9' 2>/dev/null
has "SES-12: an RST of the server ends the connection" '302014: Teardown TCP .*198\.51\.100\.10/9 .* TCP Reset-O' \
	sh -c "sleep 1; '$LAB_BUILD/asactl' -s '$(lab_sock fw)' show logging"

# ICMP echo pairs. Where inspection policies exist, echo needs `inspect icmp`; where they do not, it is always paired.
if lab_asa fw configure 'policy-map global_policy
 class inspection_default
  inspect icmp' >/dev/null 2>&1; then
	lab_pass "SES-10: inspect icmp"
else
	lab_skip "SES-10: inspect icmp" "this build has no inspection policies; ICMP echo is always paired"
fi
ok "SES-10: echo and reply are one connection, IPv4" lab_in cli ping -c2 -i 0.2 -W2 198.51.100.10
ok "SES-10: echo, IPv6" lab_in cli ping -c2 -i 0.2 -W2 2001:db8:2::10
has "SES-14: 302020" '%ASA-6-302020: Built outbound ICMP connection for faddr 198\.51\.100\.10/[0-9]+ gaddr 10\.1\.1\.10/[0-9]+ laddr 10\.1\.1\.10/[0-9]+' \
	lab_asa fw show logging
not_ok "SES-2: echo from outside is denied" lab_in srv ping -c1 -W1 10.1.1.10

# ACL-1, ACL-5
acl() {
	lab_conf fw <<-'CONF'
		access-list from_outside extended permit tcp any host 10.1.1.10 eq www
		access-list from_outside extended deny ip any any log
		access-group from_outside in interface outside
	CONF
}
ok "ACL-1: an access list on outside" acl
has "ACL-1: what it permits comes in" inside lab_in srv curl -sf -m 5 http://10.1.1.10/small
has "SES-14: inbound" '%ASA-6-302013: Built inbound TCP connection [0-9]+ for outside:198\.51\.100\.10/[0-9]+ .* to inside:10\.1\.1\.10/80' \
	lab_asa fw show logging
not_ok "ACL-1: what it denies does not" lab_in srv curl -sf -m 2 -o /dev/null http://10.1.1.10:81/
has "ACL-5: the denial is logged" '%ASA-(4-106023: Deny tcp src outside:198\.51\.100\.10/[0-9]+ dst inside:10\.1\.1\.10/81 by access-group "from_outside"|6-106100: access-list from_outside denied tcp outside/198\.51\.100\.10)' \
	lab_asa fw show logging
has "ACL-2: hit counts" 'permit tcp any host 10\.1\.1\.10 eq (www|80) \(hitcnt=[1-9]' lab_asa fw show access-list from_outside

# SES-4: the box itself answers by Linux, and makes no session.
n=$(lab_conns fw)
ok "SES-4: ping to the firewall's own address" lab_in cli ping -c1 -W2 10.1.1.1
ok "SES-4: IPv6" lab_in cli ping -c1 -W2 2001:db8:1::1
lab_nginx own fw 8080 && echo own >"$LAB_DIR/own.www/small"
has "SES-4: TCP to the box reaches a Linux server" own lab_in cli curl -sf -m 5 http://10.1.1.1:8080/small
has_not "SES-4: and is no connection" ':8080' lab_asa fw show conn

# SES-13
ok "SES-13: clear conn by address" lab_asa fw clear conn address 198.51.100.10
has_not "SES-13: they are gone" '198\.51\.100\.10:7000' lab_asa fw show conn
# SES-12: hand-made segments that are no connection, or not in its window.
lab_asa fw clear asp drop >/dev/null
has_not "SES-12: an ACK of no connection does not pass" '^tcp' \
	lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5,dport=6,flags='A')"
num "SES-12: tcp-not-syn" "$(lab_drops fw tcp-not-syn)" -eq 1
syn=$(lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5,dport=7,flags='S',seq=100)")
seq=$(sed -n 's/.* flags S seq \([0-9]*\) .*/\1/p' <<<"$syn")
num "SES-12: a SYN passes" "${seq:--1}" -ge 0
has_not "SES-12: a SYN-ACK that acknowledges something else does not" '^tcp' \
	lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='198.51.100.66',dst='10.1.1.66')/TCP(sport=7,dport=5,flags='SA',seq=500,ack=$(((seq + 999) % 4294967296)))"
num "SES-12: tcp-ack-syn-diff" "$(lab_drops fw tcp-ack-syn-diff)" -ge 1
sa=$(lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='198.51.100.66',dst='10.1.1.66')/TCP(sport=7,dport=5,flags='SA',seq=500,ack=$(((seq + 1) % 4294967296)))")
has "SES-12: the right one does, mapped back" ' flags SA seq [0-9]+ ack 101 .* sum ok' echo "$sa"
back=$(sed -n 's/.* flags SA seq \([0-9]*\) .*/\1/p' <<<"$sa")
has "SES-12: and the ACK to it" ' flags A .* sum ok' \
	lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5,dport=7,flags='A',seq=101,ack=$(((${back:-0} + 1) % 4294967296)))"
has_not "SES-12: data far past the window does not pass" '^tcp' \
	lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5,dport=7,flags='PA',seq=300000000,ack=$(((${back:-0} + 1) % 4294967296)))/b'x'"
num "SES-12: tcp-seq-past-win" "$(lab_drops fw tcp-seq-past-win)" -ge 1

# OBS-1: every frame that came in is accounted for.
sleep 1.5
law() {
	local rx fwd host drop
	rx=$(lab_map_sum fw asa_ifstats rx_packets)
	fwd=$(lab_map_sum fw asa_ifstats fwd_packets)
	host=$(lab_map_sum fw asa_ifstats host_packets)
	drop=$(lab_map_sum fw asa_ifstats drop_packets)
	echo "received $rx = forwarded $fwd + host $host + dropped $drop"
	[ "$rx" -gt 0 ] && [ "$rx" -eq $((fwd + host + drop)) ]
}
ok "OBS-1: received = forwarded + host + dropped" law
lab_end
