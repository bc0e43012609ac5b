#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# packet-tracer against the program that is loaded and the policy in force: its phases in ASA's shape, its verdict
# against what the same packet meets on the wire, and that asking changes nothing. `show service-policy flow`.
# Proves OBS-4, MPF-15.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "packet-tracer"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
policy() {
	lab_conf fw <<-'CONF'
		object network inside-net
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) dynamic interface
		object network web
		 host 10.1.1.10
		 nat (inside,outside) static 198.51.100.80
		access-list from_outside extended permit tcp any host 10.1.1.10 eq www
		access-list from_outside extended deny tcp any host 10.1.1.10 eq 81 log
		access-group from_outside in interface outside
		access-list web_flows extended permit tcp any any eq www
		class-map web_class
		 match access-list web_flows
		policy-map outside_policy
		 class web_class
		  set connection conn-max 100
		service-policy outside_policy interface outside
	CONF
}
ok "policy" policy
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }
in_() { lab_probe srv:eth0 cli:eth0 "$OUT" "$@"; }
tracer() { lab_asa fw packet-tracer input "$@"; }
state() {
	lab_asa fw show conn
	lab_asa fw show xlate | sed 's/ idle .*//'
	lab_asa fw show nat
	lab_asa fw show access-list
	lab_asa fw show service-policy
	lab_asa fw show logging | grep -c 'ASA-[0-9]-\(106\|302\|305\)'
	lab_drops fw acl-drop
	lab_drops fw tcp-not-syn
}
before=$(state)

# Outbound, dynamic translation.
got=$(tracer inside tcp 10.1.1.66 4000 198.51.100.66 80)
has "OBS-4: the XDP program is asked first" '^Type: XDP$' echo "$got"
has "OBS-4: and hands a first packet to the daemon" 'Handed to the daemon: \(no-flow\)' echo "$got"
for type in FLOW-LOOKUP ROUTE-LOOKUP ACCESS-LIST CONN-SETTINGS NAT FLOW-CREATION ADJACENCY-LOOKUP; do
	has "OBS-4: phase $type" "^Type: $type\$" echo "$got"
done
has "OBS-4: egress interface" 'using egress ifc  outside' echo "$got"
has "OBS-4: translation" '^Dynamic translate 10\.1\.1\.66/4000 to 198\.51\.100\.1/4000$' echo "$got"
has "OBS-4: the class's settings" 'set connection conn-max 100' echo "$got"
has "OBS-4: the flow that would be created" '^New flow created with id [0-9]+, packet dispatched' echo "$got"
has "OBS-4: input interface" '^input-interface: inside$' echo "$got"
has "OBS-4: output interface" '^output-interface: outside$' echo "$got"
has "OBS-4: the last line is the action" '^Action: allow$' tail -n 1 <<<"$got"

# Inbound, static translation, the rule that refuses.
got=$(tracer outside tcp 198.51.100.66 999 198.51.100.80 81)
has "OBS-4: destination untranslated" '^Untranslate 198\.51\.100\.80/81 to 10\.1\.1\.10/81$' echo "$got"
has "OBS-4: the access group" '^access-group from_outside in interface outside$' echo "$got"
has "OBS-4: the line that refuses" '^access-list from_outside extended deny tcp any host 10\.1\.1\.10 eq 81' echo "$got"
has "OBS-4: drop reason" '^Drop-reason: \(acl-drop\) Flow is denied by configured rule$' tail -n 1 <<<"$got"
has "OBS-4: what the list permits passes" '^Action: allow$' tracer outside tcp 198.51.100.66 999 198.51.100.80 80

# Other kinds, IPv6, the box itself, packets that the XDP program drops.
has "OBS-4: UDP" '^Action: allow$' tracer inside udp 10.1.1.66 5000 198.51.100.66 domain
has "OBS-4: ICMP" '^Action: allow$' tracer inside icmp 10.1.1.66 8 0 198.51.100.66
has "OBS-4: ICMP with an identifier" '^Dynamic translate 10\.1\.1\.66/77 ' tracer inside icmp 10.1.1.66 8 0 77 198.51.100.66
has "OBS-4: another protocol" '^Action: ' tracer inside rawip 10.1.1.66 47 198.51.100.66
has "OBS-4: IPv6" '^Action: allow$' tracer inside tcp 2001:db8:1::66 4000 2001:db8:2::66 80
has "OBS-4: the box itself" '^output-interface: NP Identity Ifc$' tracer inside tcp 10.1.1.66 4000 10.1.1.1 22
has "OBS-4: dropped by the XDP program" '^Drop-reason: \(land-attack\)' tracer inside udp 10.1.1.66 5 10.1.1.66 6
has "OBS-4: JSON" '"action": ?"allow"' lab_asa fw --json packet-tracer input inside tcp 10.1.1.66 4000 198.51.100.66 80
has "OBS-4: detailed shows the frame" '^Frame 1, [0-9]+ bytes:$' tracer inside tcp 10.1.1.66 4000 198.51.100.66 80 detailed
not_ok "OBS-4: an interface that does not exist is refused" tracer nowhere tcp 10.1.1.66 4000 198.51.100.66 80
not_ok "OBS-4: two families are refused" tracer inside tcp 10.1.1.66 4000 2001:db8:2::66 80
has "OBS-4: nothing has changed" '^same$' sh -c '[ "$1" = "$2" ] && echo same || { echo "$1"; echo "$2"; }' - "$before" "$(state)"

# The same packets for real.
has "OBS-4: the wire agrees: outbound" '^tcp 198\.51\.100\.1:4000 > 198\.51\.100\.66:80 ' \
	out "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=4000,dport=80,flags='S')"
before=$(lab_drops fw acl-drop)
has_not "OBS-4: the wire agrees: refused" '.' in_ "IP(src='198.51.100.66',dst='198.51.100.80')/TCP(sport=999,dport=81,flags='S')"
num "OBS-4: for the same reason" "$(lab_drops fw acl-drop)" -eq $((before + 1))
has "OBS-4: a packet of the connection finds it" '^Found flow with id [0-9]+, using existing flow$' \
	tracer inside tcp 10.1.1.66 4000 198.51.100.66 80

# MPF-15
has "MPF-15: show service-policy flow names the class" 'Class-map: web_class' \
	lab_asa fw show service-policy flow tcp host 10.1.1.66 host 198.51.100.66 eq www
has_not "MPF-15: and none for another port" 'Class-map' \
	lab_asa fw show service-policy flow tcp host 10.1.1.66 host 198.51.100.66 eq 82
lab_end
