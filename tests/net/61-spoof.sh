#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packets that are not what they say: forged sources with and without `ip verify reverse-path`, land attack, TTL 0,
# fragment attacks; limits of reassembly by interface, with real fragments of real stacks; messages and counters.
# Proves SES-5, OBS-3 (106016, 106017, 106020-106022, 209003-209006).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "spoof"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
lab_ghost fw in0 2001:db8:1::66 cli eth0
lab_ghost fw out0 2001:db8:2::66 srv eth0
IN=$(lab_mac fw in0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_asa fw configure 'logging enable
logging buffered debugging
logging buffer-size 100000' >/dev/null
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }
logged() { lab_asa fw show logging; }
# refused REASON MESSAGE EXPRESSION: nothing comes out, the reason is counted, the message is in the log
refused() {
	local before
	before=$(lab_drops fw "$1")
	has_not "SES-5: $1: does not pass: ${3:0:60}" '.' out "$3" 0.2
	num "SES-5: $1 is counted" "$(lab_drops fw "$1")" -gt "$before"
	[ -z "$2" ] || has "OBS-3: $2" "$2" logged
}
UDP="UDP(sport=5,dport=6)/b'x'"

has "any source passes without ip verify" '^udp 172\.16\.9\.9:5 ' out "IP(src='172.16.9.9',dst='198.51.100.66')/$UDP"
refused invalid-ip-address 'ASA-2-106016: Deny IP spoof from \(127\.0\.0\.1\) to 198\.51\.100\.66 on interface inside' \
	"IP(src='127.0.0.1',dst='198.51.100.66')/$UDP"
refused invalid-ip-address 'ASA-2-106016: Deny IP spoof from \(10\.1\.1\.255\) to' "IP(src='10.1.1.255',dst='198.51.100.66')/$UDP"
refused invalid-ip-address 'ASA-2-106016: Deny IP spoof from \(10\.1\.1\.1\) to' "IP(src='10.1.1.1',dst='198.51.100.66')/$UDP"
refused land-attack 'ASA-2-106017: Deny IP due to Land Attack from 198\.51\.100\.66 to 198\.51\.100\.66' \
	"IP(src='198.51.100.66',dst='198.51.100.66')/$UDP"
refused ttl-exceeded '' "IP(src='10.1.1.66',dst='198.51.100.66',ttl=0)/$UDP"

lab_asa fw clear conn >/dev/null
ok "SES-5: ip verify reverse-path interface inside" lab_asa fw configure 'ip verify reverse-path interface inside'
has "CFG-2: running configuration" '^ip verify reverse-path interface inside$' lab_asa fw show running-config ip verify reverse-path
refused rpf-violated 'ASA-1-106021: Deny UDP reverse path check from 172\.16\.9\.9 to 198\.51\.100\.66 on interface inside' \
	"IP(src='172.16.9.9',dst='198.51.100.66')/$UDP"
refused rpf-violated 'ASA-1-106021: Deny TCP reverse path check from 198\.51\.100\.10 to' \
	"IP(src='198.51.100.10',dst='198.51.100.66')/TCP(flags='S')"
refused rpf-violated '106021: Deny UDP reverse path check from 2001:db8:2::77' \
	"IPv6(src='2001:db8:2::77',dst='2001:db8:2::66')/$UDP"
has "SES-5: a source that is there passes" '^udp 10\.1\.1\.66:5 ' out "IP(src='10.1.1.66',dst='198.51.100.66')/$UDP"
has "SES-5: show ip verify statistics" '^interface inside: 3 unicast rpf drops$' lab_asa fw show ip verify statistics
ok "SES-5: clear ip verify statistics" lab_asa fw clear ip verify statistics
has "SES-5: from zero again" '^interface inside: 0 unicast rpf drops$' lab_asa fw show ip verify statistics
# A connection's packet from the wrong side.
OUT=$(lab_mac fw out0)
has_not "SES-5: a connection's packet on the other side does not pass" '.' \
	lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='10.1.1.66',dst='198.51.100.66')/$UDP" 0.2
has "OBS-3: 106022" 'ASA-1-106022: Deny UDP connection spoof from 10\.1\.1\.66 to 198\.51\.100\.66 on interface outside' logged

# Fragments of real stacks, and the limits.
ok "SES-5: ping with 5,000 bytes" lab_in cli ping -c 2 -i 0.2 -W 2 -s 5000 198.51.100.10
ok "SES-5: IPv6" lab_in cli ping -c 1 -W 2 -s 5000 2001:db8:2::10
has "SES-5: show fragment" 'Queue: 0, Assembled: 3, Fail: 0, Overflow: 0' lab_asa fw show fragment inside
has "SES-5: show fragment, defaults" 'Size: 200, Chain: 24, Timeout: 5, Threshold: 133' lab_asa fw show fragment
ok "SES-5: fragment chain 3 inside" lab_asa fw configure 'fragment chain 3 inside'
not_ok "SES-5: 4 fragments are too many there" lab_in cli ping -c 1 -W 1 -s 5000 198.51.100.10
has "OBS-3: 209005" 'ASA-4-209005: Discard IP fragment set with more than 3 elements: src = 10\.1\.1\.10, dest = 198\.51\.100\.10, proto = icmp' logged
ok "SES-5: but not outside" lab_in srv ping -c 1 -W 2 -s 1000 198.51.100.1
has "SES-5: overflow is counted" 'Overflow: [1-9]' lab_asa fw show fragment inside
ok "SES-5: fragment chain 1: none at all" lab_asa fw configure 'fragment chain 1 inside'
not_ok "SES-5: no fragments" lab_in cli ping -c 1 -W 1 -s 2000 198.51.100.10
ok "SES-5: whole packets pass" lab_in cli ping -c 1 -W 2 198.51.100.10
ok "SES-5: no fragment chain inside" lab_asa fw configure 'no fragment chain inside'
ok "SES-5: 4 fragments pass again" lab_in cli ping -c 1 -W 2 -s 5000 198.51.100.10
ok "SES-5: clear fragment" lab_asa fw clear fragment
has "SES-5: from zero again" 'Queue: 0, Assembled: 0, Fail: 0, Overflow: 0' lab_asa fw show fragment inside
refused fragment-overlap 'ASA-2-106020: Deny IP teardrop fragment \(size = 8, offset = 24\) from 10\.1\.1\.66' \
	"[IP(src='10.1.1.66',dst='198.51.100.66',id=9,flags='MF',proto=17)/Raw(b'x'*64), IP(src='10.1.1.66',dst='198.51.100.66',id=9,frag=3,proto=17)/Raw(b'y'*8)]"
refused invalid-tcp-hdr-length '' "IP(src='10.1.1.66',dst='198.51.100.66',id=10,flags='MF',proto=6)/Raw(b'\\0\\1\\0\\2'+b'\\0'*4)"
refused fragment-reassembly-failed '' "IP(src='10.1.1.66',dst='198.51.100.66',id=11,frag=1,proto=6)/Raw(b'\\0'*12)"
lab_end
