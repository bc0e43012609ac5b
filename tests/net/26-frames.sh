#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Frames that no kernel would send: truncated, contradictory and absurd headers, VLAN stacks, IPv6 chains, options,
# fragments. Each is dropped with a reason, forwarded or left to Linux; the firewall goes on; the sums are right.
# Proves SES-5, SES-4 (not IP), SES-17, OBS-1, "bad input" of the interface.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "frames"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
lab_ghost fw in0 2001:db8:1::66 cli eth0
lab_ghost fw out0 2001:db8:2::66 srv eth0
IN=$(lab_mac fw in0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }
I="IP(src='10.1.1.66',dst='198.51.100.66'"
E="Ether(dst='$IN')"
V="IPv6(src='2001:db8:1::66',dst='2001:db8:2::66'"

# dropped REASON EXPRESSION: nothing comes out, and exactly one drop of this reason is counted more
dropped() {
	local before
	before=$(lab_drops fw "$1")
	has_not "SES-5: $1: does not pass: ${2:0:70}" '.' out "$2" 0.3
	num "SES-5: $1 is counted" "$(lab_drops fw "$1")" -eq $((before + 1))
}
dropped unsupported-ip-version "$E/$I,version=7)/UDP()"
dropped invalid-ip-header "$E/$I,ihl=4)/UDP()"
dropped invalid-ip-length "$E/$I,len=1000)/UDP()"
dropped invalid-ip-length "$E/$I,len=10)/UDP()"
dropped invalid-udp-length "$E/$I)/UDP(len=4)/b'xxxx'"
dropped invalid-udp-length "$E/$I)/UDP(len=900)/b'xxxx'"
dropped invalid-tcp-hdr-length "$E/$I)/TCP(dataofs=3,flags='S')"
dropped invalid-tcp-hdr-length "$E/$I)/TCP(dataofs=15,flags='S')"
dropped bad-tcp-flags "$E/$I)/TCP(flags='SF')"
dropped bad-tcp-flags "$E/$I)/TCP(flags='SR')"
dropped land-attack "$E/IP(src='198.51.100.66',dst='198.51.100.66')/TCP(flags='S')"
dropped invalid-ip-address "$E/IP(src='127.0.0.1',dst='198.51.100.66')/UDP()/b'x'"
dropped invalid-ip-address "$E/IP(src='224.0.0.9',dst='198.51.100.66')/UDP()/b'x'"

# Cut at every length: nothing may break, nothing may pass that is not whole.
base="bytes($E/$I)/TCP(sport=1,dport=2,flags='S',options=[('MSS',1460),('WScale',7),('Timestamp',(1,0)),('SAckOK',b'')])/b'payload')"
has_not "SES-5: cut at every length from 14 to 60 bytes" '^tcp .*sum bad' out "[raw(($base)[:n]) for n in range(14, 60)]" 0.5
lab_asa fw clear conn >/dev/null
out "[raw(bytes([b ^ (1 << (i % 8)) if i == k else b for i, b in enumerate($base)])) for k in range(12, 70)]" 0.5 >/dev/null
ok "SES-5: the daemon lives after one bit flipped in every byte" lab_asa fw show version
lab_asa fw clear conn >/dev/null
out "[raw(bytes($E)[:12] + t + bytes((7 * i) & 255 for i in range(n))) for t in (b'\\x08\\x00', b'\\x86\\xdd', b'\\x81\\x00', b'\\x88\\xa8', b'\\x08\\x06', b'\\x00\\x05') for n in (0, 1, 4, 19, 20, 39, 40, 41, 60, 200, 1400)]" 0.5 >/dev/null
ok "SES-5: and after noise behind every ether type" lab_asa fw show version

# VLAN: a sub-interface with one tag, and with two; a tag that nobody configured.
vlan() {
	lab_conf fw <<-'CONF'
		interface in0.7
		 vlan 7
		 nameif v7
		 security-level 90
		 ip address 192.0.2.1 255.255.255.0
	CONF
}
if vlan >"$LAB_DIR/vlan" 2>&1; then
	lab_pass "SES-1, SES-5: vlan ID on a sub-interface"
	has "SES-5: a tagged frame is forwarded, untagged" '^udp 192\.0\.2\.66:5 > 198\.51\.100\.66:6 len 1 ttl 64 sum ok$' \
		out "$E/Dot1Q(vlan=7)/IP(src='192.0.2.66',dst='198.51.100.66')/UDP(sport=5,dport=6)/b'x'"
else
	lab_skip "SES-5: vlan ID on a sub-interface" "$(head -n 1 "$LAB_DIR/vlan")"
fi
has_not "SES-5: an unknown tag does not pass" '.' out "$E/Dot1Q(vlan=99)/$I)/UDP(sport=5,dport=6)/b'x'"
has_not "SES-5: nor two unknown tags" '.' out "$E/Dot1AD(vlan=9)/Dot1Q(vlan=99)/$I)/UDP(sport=5,dport=6)/b'x'"
out "$E/Dot1Q(vlan=1)/Dot1Q(vlan=2)/Dot1Q(vlan=3)/Dot1Q(vlan=4)/$I)/UDP()" >/dev/null
ok "SES-5: a stack of four tags" lab_asa fw show version

# IPv4 options, fragments.
has "SES-5: fragments of a permitted datagram pass, all of them" 'proto 17 offset 0 more 1' \
	out "fragment($I)/UDP(sport=9,dport=9)/(b'x'*400),fragsize=200)" 1
num "SES-5: as many as came" "$(out "fragment($I,id=77)/UDP(sport=9,dport=9)/(b'y'*400),fragsize=200)" 1 | grep -cE '^(frag|udp) 10.1.1.66')" -ge 1
before=$(lab_drops fw fragment-overlap)
out "[$I,id=5,flags='MF',frag=0,proto=17)/Raw(bytes(UDP(sport=9,dport=9,len=80)/(b'a'*56))), $I,id=5,flags=0,frag=4,proto=17)/Raw(b'b'*40)]" 1 >/dev/null
num "SES-5: fragment-overlap is counted" "$(lab_drops fw fragment-overlap)" -gt "$before"
has "SES-5: IPv6 fragments" '^(frag|udp) 2001:db8:1::66' \
	out "fragment6($V)/IPv6ExtHdrFragment(id=9)/UDP(sport=9,dport=9)/(b'x'*1500),800)" 1
has_not "SES-5: source routing does not pass" '.' out "$E/$I,options=[__import__('scapy.layers.inet',fromlist=['x']).IPOption_LSRR(routers=['192.0.2.9'])])/UDP()/b'x'"
num "SES-5: invalid-ip-option is counted" "$(lab_drops fw invalid-ip-option)" -ge 1

# IPv6 extension headers.
has "SES-5: IPv6 destination options pass" '^udp 2001:db8:1::66:5 ' out "$V)/IPv6ExtHdrDestOpt()/UDP(sport=5,dport=6)/b'x'"
out "$V)/$(printf 'IPv6ExtHdrDestOpt()/%.0s' {1..40})UDP()/b'x'" >/dev/null
out "raw(bytes($E/$V,plen=60000)/UDP()/b'x'))" >/dev/null
out "raw(bytes($E/$V,nh=0)/(b'\\x00\\xff'*20)))" >/dev/null
ok "SES-5: absurd IPv6 chains" lab_asa fw show version

# SES-17
ok "SES-17: sysopt connection tcpmss" lab_asa fw configure 'sysopt connection tcpmss 1200'
has "SES-17: the MSS of a SYN is clamped" ' flags S .* sum ok mss 1200$' \
	out "$I)/TCP(sport=700,dport=80,flags='S',seq=9,options=[('MSS',1460)])"
has "SES-17: a smaller one is left" ' flags S .* sum ok mss 500$' \
	out "$I)/TCP(sport=701,dport=80,flags='S',seq=9,options=[('MSS',500)])"
ok "SES-17: off" lab_asa fw configure 'no sysopt connection tcpmss'
has "SES-17: off by default" ' mss 1460$' out "$I)/TCP(sport=702,dport=80,flags='S',seq=9,options=[('MSS',1460)])"

# SES-4: ARP and what is not IP is left to Linux.
ok "SES-4: ARP is answered" lab_in cli sh -c 'ip neigh flush dev eth0; ping -c1 -W2 10.1.1.1'
has "a good datagram still passes after all this" '^udp 10\.1\.1\.66:5 > 198\.51\.100\.66:6 .* sum ok' out "$I)/UDP(sport=5,dport=6)/b'x'"
sleep 1.5
law() {
	local rx sum
	rx=$(lab_map_sum fw asa_ifstats rx_packets)
	sum=$(($(lab_map_sum fw asa_ifstats fwd_packets) + $(lab_map_sum fw asa_ifstats host_packets) + $(lab_map_sum fw asa_ifstats drop_packets)))
	echo "received $rx, accounted for $sum"
	[ "$rx" -gt 100 ] && [ "$rx" -eq "$sum" ]
}
ok "OBS-1: every one of these frames is accounted for" law
lab_end
