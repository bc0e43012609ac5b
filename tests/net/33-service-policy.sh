#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Service policies on a running firewall: classes by access list, DSCP and RTP ports, what a flow would match, a change
# that is for new connections only, the limit of a translation rule.
# Proves MPF-2, MPF-9, MPF-12, MPF-15, LIM-7.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "service-policy"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }
policy() {
	lab_conf fw <<-'CONF'
		class-map voice
		 match dscp ef
		class-map media
		 match rtp 16384 100
		policy-map P
		 class voice
		  set connection conn-max 2
		 class media
		  set connection conn-max 3
		service-policy P interface inside
	CONF
}
ok "MPF-2: classes by DSCP and by RTP ports" policy
has_not "MPF-2: and they act: no warning" 'WARNING' lab_asa fw configure 'class-map more
 match precedence 5'
lab_asa fw configure 'no class-map more' >/dev/null
num "MPF-2: two connections with EF, not three" "$(out "[IP(src='10.1.1.66',dst='198.51.100.66',tos=0xb8)/UDP(sport=s,dport=9)/b'x' for s in (1001,1002,1003)]" | grep -c '^udp')" -eq 2
num "MPF-2: without EF all pass" "$(out "[IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=s,dport=9)/b'x' for s in (2001,2002,2003)]" | grep -c '^udp')" -eq 3
num "MPF-2: three to an RTP port, not four" "$(out "[IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=s,dport=16400)/b'x' for s in (3001,3002,3003,3004)]" | grep -c '^udp')" -eq 3
count() { lab_asa fw --json show service-policy interface inside | $PYTHON -c 'import json, sys
print(sum(c["packets"] for p in json.load(sys.stdin)["service_policies"] for c in p["classes"] if c["class_map"] == "voice"))'; }
num "MPF-15: packets of the class: two connections, one packet each" "$(count)" -eq 2
out "[IP(src='10.1.1.66',dst='198.51.100.66',tos=0xb8)/UDP(sport=1001,dport=9)/b'x' for _ in range(5)]" >/dev/null
num "MPF-15: those of the fast path, too" "$(count)" -eq 7
has "MPF-15: what a flow would match" 'Class-map: media' lab_asa fw show service-policy flow udp host 10.1.1.66 host 198.51.100.66 eq 16400
has_not "MPF-15: the other class does not" 'Class-map: (voice|media)' lab_asa fw show service-policy flow tcp host 10.1.1.66 host 198.51.100.66 eq 16400
has "MPF-12: a change says that it is for new connections" 'connections that exist keep the policy' lab_asa fw configure 'policy-map P
 class voice
  set connection conn-max 1'
not_ok "MPF-9: priority and policing of one class" lab_asa fw configure 'policy-map P
 class voice
  police output 100000
  priority'
lab_asa fw clear conn >/dev/null
num "MPF-15: and they stay when the connections are gone" "$(count)" -eq 7
lab_asa fw clear service-policy >/dev/null
num "MPF-15: clear service-policy" "$(count)" -eq 0
limit() {
	lab_conf fw <<-'CONF'
		nat (inside) 1 10.1.1.0 255.255.255.0 tcp 2
		global (outside) 1 198.51.100.90
	CONF
}
ok "LIM-7: a translation rule with a limit" limit
lab_asa fw clear conn all >/dev/null
num "LIM-7: two TCP connections of a host, not three" "$(out "[IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=s,dport=9,flags='S') for s in (4001,4002,4003)]" | grep -c '^tcp')" -eq 2
num "LIM-7: counted as conn-limit" "$(lab_drops fw conn-limit)" -gt 0
lab_end
