#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may talk to the box itself: ssh, http and icmp lines, with real servers on the firewall; what goes through is
# not concerned.  Also while the daemon is away, and after it comes back.
# Proves SES-4, OBS-3 (710003, 313001).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "management"
lab_need_build
lab_simple || lab_fail "topology"
lab_addr cli eth0 10.1.1.66/24
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx sshd fw 22 && lab_nginx https fw 443 && lab_nginx other fw 8080 && lab_iperf iperf srv 5201 ||
	lab_fail "servers start"
reach() { lab_in cli curl -s -o /dev/null -m 2 --interface "$1" -w '%{http_code}\n' "http://$2/" | grep -qE '^[1-5][0-9][0-9]$'; }
echo_() { lab_in cli ping -q -c 1 -W 1 -I "$1" "$2"; }

ok "SES-4: no line, no restriction: port 22" reach 10.1.1.66 10.1.1.1:22
ok "SES-4: no line, no restriction: ping" echo_ 10.1.1.66 10.1.1.1
lines() {
	lab_conf fw <<-'CONF'
		ssh 10.1.1.10 255.255.255.255 inside
		ssh 2001:db8:1::/64 inside
		http 10.1.1.0 255.255.255.0 inside
		icmp permit host 10.1.1.10 inside
		icmp permit any unreachable inside
	CONF
}
ok "SES-4: lines are accepted" lines
has "SES-4: and shown back" '^ssh 10\.1\.1\.10 255\.255\.255\.255 inside' lab_asa fw show running-config
lab_asa fw configure 'logging enable
logging buffered errors' >/dev/null
before=$(lab_drops fw sp-security-failed)
ok "SES-4: ssh from its source" reach 10.1.1.10 10.1.1.1:22
ok "SES-4: ssh from its source, IPv6" reach 2001:db8:1::10 '[2001:db8:1::1]:22'
not_ok "SES-4: ssh from another source" reach 10.1.1.66 10.1.1.1:22
num "SES-4: counted as sp-security-failed" "$(lab_drops fw sp-security-failed)" -gt "$before"
LL=$(lab_in fw ip -6 -o addr show dev in0 scope link | sed -n 's/.*inet6 \([^/]*\).*/\1/p')
ll_reach() { lab_in cli curl -g -s -o /dev/null -m 2 -w '%{http_code}\n' "http://[$LL%25eth0]:$1/" | grep -qE '^[1-5][0-9][0-9]$'; }
ok "SES-4: the link-local address: a port without lines" ll_reach 8080
not_ok "SES-4: the link-local address is not a way around the lines" ll_reach 22
ok "SES-4: http from its network" reach 10.1.1.66 10.1.1.1:443
ok "SES-4: a port without lines" reach 10.1.1.66 10.1.1.1:8080
ok "SES-4: icmp from its source" echo_ 10.1.1.10 10.1.1.1
not_ok "SES-4: icmp from another source" echo_ 10.1.1.66 10.1.1.1
has "OBS-3: 710003" '%ASA-3-710003: TCP access denied by ACL from 10\.1\.1\.66/[0-9]+ to inside:10\.1\.1\.1/22$' lab_asa fw show logging
has "OBS-3: 313001" '%ASA-3-313001: Denied ICMP type=8, code=0 from 10\.1\.1\.66 on interface inside$' lab_asa fw show logging
ok "SES-4: ICMPv6 has no line and no restriction" lab_in cli ping -6 -q -c 1 -W 1 2001:db8:1::1
ok "SES-4: the other interface has no lines" lab_in srv ping -q -c 1 -W 1 198.51.100.1
ok "SES-4: what goes through is not concerned" lab_in cli iperf3 -B 10.1.1.66 -c 198.51.100.10 -n 1M
in_() { lab_probe cli:eth0 cli:eth0 "$(lab_mac fw in0)" "$@"; }
before=$(lab_drops fw sp-security-failed)
in_ "fragment(IP(src='10.1.1.66',dst='10.1.1.1')/TCP(sport=7,dport=22,flags='S')/(b'x'*40),fragsize=24)" >/dev/null
num "SES-4: a first fragment is looked into" "$(lab_drops fw sp-security-failed)" -eq $((before + 1))
in_ "IPv6(src='2001:db8:9::1',dst='2001:db8:1::1')/IPv6ExtHdrDestOpt()/TCP(sport=7,dport=22,flags='S')" >/dev/null
num "SES-4: and so is what is behind an extension header" "$(lab_drops fw sp-security-failed)" -eq $((before + 2))

# Changes take effect at once; the first line that fits decides.
ok "SES-4: deny before permit" lab_asa fw configure 'no icmp permit host 10.1.1.10 inside
icmp deny host 10.1.1.66 inside
icmp permit any inside'
not_ok "SES-4: the denied one" echo_ 10.1.1.66 10.1.1.1
ok "SES-4: the others" echo_ 10.1.1.10 10.1.1.1

law() { # asked again: a frame may come between two numbers
	local rx sum
	for _ in 1 2 3 4 5 6 7 8; do
		rx=$(lab_map_sum fw asa_ifstats rx_packets)
		sum=$(($(lab_map_sum fw asa_ifstats fwd_packets) + $(lab_map_sum fw asa_ifstats host_packets) + $(lab_map_sum fw asa_ifstats drop_packets)))
		[ "$rx" -gt 100 ] && [ "$rx" -eq "$sum" ] && return
		sleep 0.3
	done
	echo "received $rx, accounted for $sum"
	return 1
}
ok "OBS-1: what the daemon was told of is dropped once" law

# Rules live in the XDP program: without a daemon, and when it comes back.
lab_stop asad-fw KILL
not_ok "SES-4: daemon killed: still denied" reach 10.1.1.66 10.1.1.1:22
ok "SES-4: daemon killed: still permitted" reach 10.1.1.10 10.1.1.1:22
cat >"$LAB_DIR/fw.startup" <<-'CONF'
	interface in0
	 nameif inside
	 security-level 100
	interface out0
	 nameif outside
	 security-level 0
	ssh 10.1.1.66 255.255.255.255 inside
CONF
ok "SES-4: restarted with other lines" lab_asad fw
ok "SES-4: the new lines permit" reach 10.1.1.66 10.1.1.1:22
not_ok "SES-4: the old ones are gone" reach 10.1.1.10 10.1.1.1:22
ok "SES-4: icmp has no line any more" echo_ 10.1.1.66 10.1.1.1
ok "SES-4: the last line removed" lab_asa fw configure 'no ssh 10.1.1.66 255.255.255.255 inside'
ok "SES-4: no line, no restriction again" reach 10.1.1.10 10.1.1.1:22
num "SES-4: and no rows" "$(bpftool -j map dump pinned "$(lab_pins fw)/asa_mgmt" | $PYTHON -c 'import json,sys; print(len(json.load(sys.stdin)))')" -eq 0
lab_end
