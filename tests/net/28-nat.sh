#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Translation with real programs: PAT to the interface and to a pool, static NAT and static PAT, the forms of PIX,
# proxy ARP, ICMP errors, exhausted pools, `show xlate`, `show nat`.
# Proves NAT-1, NAT-2, NAT-3, NAT-4, NAT-5, NAT-6, SES-10 (ICMP errors), SES-15 (translations).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "nat"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
# The server must have no way to 10.1.1.0/24: an untranslated packet is lost.
lab_ip srv route del default
lab_iperf iperf srv 5201 && lab_nginx web cli 80 || lab_fail "servers start"
echo published >"$LAB_DIR/web.www/x"
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }
in_() { lab_probe srv:eth0 cli:eth0 "$OUT" "$@"; }

not_ok "without translation the server cannot answer" lab_in cli timeout 2 iperf3 -c 198.51.100.10 -n 1K
ok "NAT-1: object NAT, dynamic interface" lab_asa fw configure 'object network inside-net
 subnet 10.1.1.0 255.255.255.0
 nat (inside,outside) dynamic interface'
ok "NAT-3: PAT to the interface carries TCP" lab_in cli iperf3 -c 198.51.100.10 -n 5M
ok "NAT-3: and UDP" lab_in cli iperf3 -u -b 5M -c 198.51.100.10 -t 1 -i 0
has "NAT-3: the server sees the interface address" '198\.51\.100\.1' lab_log iperf
has "NAT-2: show xlate" 'TCP PAT from inside:10\.1\.1\.10/[0-9]+ to outside:198\.51\.100\.1/[0-9]+ flags ri idle' lab_asa fw show xlate
has "NAT-2: legend" '^Flags: D - DNS' lab_asa fw show xlate
has "NAT-2: show nat counts hits" 'translate_hits = [1-9]' lab_asa fw show nat
has "SES-11: show conn has the mapped address of the inside end" 'inside 10\.1\.1\.10(\(198\.51\.100\.1\))?:[0-9]+' lab_asa fw show conn

got=$(out "[IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=s,dport=53)/b'x' for s in (300, 700, 5000)]")
range() { # range LOW HIGH: a source port within
	local p
	p=$(sed -n "${3}s/^udp 198\.51\.100\.1:\([0-9]*\) .* sum ok.*/\1/p" <<<"$got")
	[ -n "$p" ] && [ "$p" -ge "$1" ] && [ "$p" -le "$2" ]
}
ok "NAT-3: port 300 stays below 512" range 1 511 1
ok "NAT-3: port 700 stays within 512-1023" range 512 1023 2
ok "NAT-3: port 5000 stays above 1023" range 1024 65535 3
has_not "NAT-3: a packet to the interface that is no answer does not get in" '.' \
	in_ "IP(src='198.51.100.66',dst='198.51.100.1')/UDP(sport=53,dport=6000)/b'x'"

# NAT-5: an ICMP error about a translated packet, header and payload.
port=$(sed -n '3s/^udp 198\.51\.100\.1:\([0-9]*\) .*/\1/p' <<<"$got")
has "NAT-5: ICMP error is translated in header and payload" \
	'^icmp 198\.51\.100\.66 > 10\.1\.1\.66 type 3 code 3 ttl [0-9]+ sum ok about 10\.1\.1\.66:5000 > 198\.51\.100\.66:53' \
	in_ "IP(src='198.51.100.66',dst='198.51.100.1')/ICMP(type=3,code=3)/IP(src='198.51.100.1',dst='198.51.100.66')/UDP(sport=${port:-1},dport=53)/b'x'"
before=$(lab_drops fw inspect-icmp-error-no-existing-conn)
has_not "NAT-5: one about nothing is dropped" '.' \
	in_ "IP(src='198.51.100.66',dst='198.51.100.1')/ICMP(type=3,code=3)/IP(src='198.51.100.1',dst='198.51.100.66')/UDP(sport=7,dport=9)/b'x'"
num "NAT-5: inspect-icmp-error-no-existing-conn" "$(lab_drops fw inspect-icmp-error-no-existing-conn)" -ge "$before"

# Static NAT before dynamic, proxy ARP.
publish() {
	lab_conf fw <<-'CONF'
		object network web
		 host 10.1.1.10
		 nat (inside,outside) static 198.51.100.80
		access-list from_outside extended permit tcp any host 10.1.1.10 eq www
		access-list from_outside extended permit tcp any host 10.1.1.10 eq 8080
		access-group from_outside in interface outside
	CONF
}
ok "NAT-1: object NAT, static" publish
lab_asa fw clear xlate >/dev/null
lab_ip srv neigh flush dev eth0
has "NAT-4: the firewall answers ARP for the mapped address; the access list names the real one" published \
	lab_in srv curl -sf -m 5 http://198.51.100.80/x
ok "NAT-2: static before dynamic: outbound from the same host" lab_in cli iperf3 -c 198.51.100.10 -n 100K
has "NAT-2: with the static address" '198\.51\.100\.80' lab_log iperf
has "NAT-2: show xlate, static" '^NAT from inside:10\.1\.1\.10 to outside:198\.51\.100\.80' lab_asa fw show xlate

# NAT-6: straight to the real address, past the translation of the reverse direction.
before=$(lab_drops fw nat-rpf-failed)
has_not "NAT-6: the real address from outside does not pass" '.' \
	in_ "IP(src='198.51.100.66',dst='10.1.1.10')/TCP(sport=9,dport=80,flags='S')"
num "NAT-6: nat-rpf-failed is counted" "$(lab_drops fw nat-rpf-failed)" -eq $((before + 1))

# Static PAT.
ok "NAT-1: static PAT" lab_asa fw configure 'object network web
 nat (inside,outside) static interface service tcp www 8080'
lab_asa fw clear conn >/dev/null
lab_asa fw clear xlate >/dev/null
has "NAT-1: port 8080 of the interface is the web server" published lab_in srv curl -sf -m 5 http://198.51.100.1:8080/x
got=$(out "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=8080,dport=9,flags='S')" | sed -n 's/^tcp 198\.51\.100\.1:\([0-9]*\) .*/\1/p')
num "NAT-3: dynamic PAT gives a port" "${got:-0}" -gt 1023
num "NAT-3: but not the one that static PAT has" "${got:-0}" -ne 8080

# A pool of one address: its ports below 512 are 511 at most, what comes after is refused or gets a higher one.
pool() {
	lab_conf fw <<-'CONF'
		object network web
		 no nat (inside,outside) static interface service tcp www 8080
		object network inside-net
		 no nat (inside,outside) dynamic interface
		object network one
		 host 198.51.100.90
		object network inside-net
		 nat (inside,outside) dynamic pat-pool one
	CONF
}
ok "NAT-3: PAT to a pool" pool
lab_asa fw clear xlate >/dev/null
has "NAT-3: the pool's address is used" '^udp 198\.51\.100\.90:' out "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=4000,dport=9)/b'x'"
before=$(lab_drops fw nat-xlate-failed)
got=$(out "[IP(src='10.1.1.%d' % (100 + n // 200),dst='198.51.100.66')/UDP(sport=100 + n % 200,dport=9)/b'x' for n in range(520)]" 1)
low=$(sed -n 's/^udp 198\.51\.100\.90:\([0-9]*\) .* sum ok.*/\1/p' <<<"$got" | awk '$1 < 512' | sort -n | uniq | wc -l)
all=$(grep -c '^udp 198\.51\.100\.90:[0-9]* .* sum ok' <<<"$got")
num "NAT-3: most of the low range is used" "$low" -ge 500
num "NAT-3: no port twice" "$(sed -n 's/^udp 198\.51\.100\.90:\([0-9]*\) .*/\1/p' <<<"$got" | sort -n | uniq -d | wc -l)" -eq 0
num "NAT-3: every flow is translated or counted as nat-xlate-failed" "$((all + $(lab_drops fw nat-xlate-failed) - before))" -eq 520

# An extended pool: the same 511 ports once more for another destination.
lab_conf fw <<-'CONF'
	object network inside-net
	 nat (inside,outside) dynamic pat-pool one extended
CONF
lab_asa fw clear xlate >/dev/null
got=$(out "[IP(src='10.1.1.%d' % (100 + n // 200),dst='198.51.100.66')/UDP(sport=100 + n % 200,dport=d)/b'x' for n in range(500) for d in (9, 10)]" 1)
all=$(sed -n 's/^udp \(198\.51\.100\.90:[0-9]* > [0-9.:]*\) .* sum ok.*/\1/p' <<<"$got")
num "NAT-1: extended: more flows than ports" "$(wc -l <<<"$all")" -ge 980
num "NAT-1: extended: a port once for a destination" "$(sort <<<"$all" | uniq -d | wc -l)" -eq 0
has "NAT-2: show xlate, extended" '^UDP PAT from inside:10\.1\.1\.1[0-9]*/[0-9]+ to outside:198\.51\.100\.90/[0-9]+ flags rie idle' lab_asa fw show xlate

# SES-15: the next daemon finds what the last one gave out.
again() {
	lab_asa fw write memory >/dev/null && lab_stop asad-fw KILL 2>/dev/null
	lab_asad fw
}
before=$(lab_asa fw show xlate | grep -c 'flags rie')
ok "SES-15: restart with an extended pool" again
num "SES-15: extended translations are found again" "$(lab_asa fw show xlate | grep -c 'flags rie')" -eq "$before"

# A block of 32 ports for each host.
lab_conf fw <<-'CONF'
	logging enable
	logging buffered informational
	logging buffer-size 65536
	xlate block-allocation size 32
	xlate block-allocation maximum-per-host 1
	object network inside-net
	 nat (inside,outside) dynamic pat-pool one block-allocation
CONF
lab_asa fw clear xlate >/dev/null
got=$(out "[IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=100 + n,dport=9)/b'x' for n in range(40)]" 1)
ports=$(sed -n 's/^udp 198\.51\.100\.90:\([0-9]*\) .* sum ok.*/\1/p' <<<"$got" | sort -n)
num "NAT-1: block-allocation: as many flows as the block has ports" "$(wc -l <<<"$ports")" -eq 32
num "NAT-1: block-allocation: all of one block" "$(($(tail -n 1 <<<"$ports") - $(head -n 1 <<<"$ports")))" -eq 31
has "NAT-1: the block is logged" '%ASA-6-305014: Allocated UDP block of ports for translation from inside:10\.1\.1\.66 to outside:198\.51\.100\.90/[0-9]+-[0-9]+$' lab_asa fw show logging
has "NAT-1: and that it is all the host gets" '%ASA-3-305016: Unable to create UDP connection from inside:10\.1\.1\.66/[0-9]+ to outside:198\.51\.100\.66/9 due to reaching per-host PAT port block limit of 1$' lab_asa fw show logging
ok "SES-15: restart with blocks" again
num "SES-15: the ports are the host's still" "$(lab_asa fw show xlate | grep -c '^UDP PAT from inside:10\.1\.1\.66/')" -eq 32
has_not "SES-15: and its share is used up still" '^udp' out "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=500,dport=9)/b'x'"
lab_asa fw clear conn >/dev/null
lab_asa fw clear xlate >/dev/null
has "NAT-1: a block that is given back is logged" '%ASA-6-305015: Released UDP block of ports for translation from inside:10\.1\.1\.66 to outside:198\.51\.100\.90/[0-9]+-[0-9]+$' lab_asa fw show logging

# Whole addresses first, then ports of the pool.
lab_conf fw <<-'CONF'
	object network inside-net
	 no nat (inside,outside) dynamic pat-pool one block-allocation
	object network two
	 range 198.51.100.94 198.51.100.95
	nat (inside,outside) source dynamic inside-net two pat-pool one
CONF
lab_asa fw clear conn >/dev/null
lab_asa fw clear xlate >/dev/null
got=$(out "[IP(src='10.1.1.%d' % h,dst='198.51.100.66')/UDP(sport=77,dport=9)/b'x' for h in (101, 102, 103)]" 1)
num "NAT-1: two hosts with addresses of their own" "$(grep -c '^udp 198\.51\.100\.9[45]:77 ' <<<"$got")" -eq 2
num "NAT-1: the third with a port of the pool" "$(grep -c '^udp 198\.51\.100\.90:' <<<"$got")" -eq 1
has "NAT-2: show nat" 'source dynamic inside-net two pat-pool one' lab_asa fw show nat
has "NAT-2: show nat pool" '^UDP PAT pool outside:one, address 198\.51\.100\.90, range 1-511, allocated 1$' lab_asa fw show nat pool
lab_asa fw configure 'no nat (inside,outside) source dynamic inside-net two pat-pool one' >/dev/null


# PIX forms, shown back as entered.
pix() {
	lab_conf fw <<-'CONF'
		nat (inside) 1 10.1.1.0 255.255.255.0
		global (outside) 1 198.51.100.91
		static (inside,outside) 198.51.100.92 10.1.1.66 netmask 255.255.255.255
	CONF
}
ok "NAT-1: nat, global and static of PIX" pix
lab_asa fw clear xlate >/dev/null
lab_asa fw clear conn >/dev/null
has "NAT-1: static of PIX acts" '^udp 198\.51\.100\.92:41 ' out "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=41,dport=9)/b'x'"
has "NAT-1: global of PIX acts" '^udp 198\.51\.100\.91:' out "IP(src='10.1.1.67',dst='198.51.100.66')/UDP(sport=41,dport=9)/b'x'"
has "NAT-1: shown back as entered" '^static \(inside,outside\) 198\.51\.100\.92 10\.1\.1\.66 netmask 255\.255\.255\.255' lab_asa fw show running-config
lab_end
