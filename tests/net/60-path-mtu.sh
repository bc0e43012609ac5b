#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Path MTU through the firewall: real stacks, routers with narrow links on both sides, ICMP errors that cross it in
# both directions without translation, with PAT, with static NAT and with NAT66; tracepath; a narrow link of its own.
# Proves SES-5 (MTU), NAT-5, SES-10 (ICMP errors).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "path mtu"
lab_need_build

#   pc 10.1.2.10 -- ri ==1400=> pc      fw      srv <=1300== ro -- srv 198.51.100.10
lab_ns pc ri fw ro srv &&
	lab_veth pc eth0 ri lan &&
	lab_veth ri eth0 fw in0 &&
	lab_veth ro eth0 fw out0 &&
	lab_veth srv eth0 ro lan || lab_fail "topology"
lab_addr pc eth0 10.1.2.10/24 2001:db8:12::10/64
lab_addr ri lan 10.1.2.1/24 2001:db8:12::1/64
lab_addr ri eth0 10.1.1.2/24 2001:db8:1::2/64
lab_addr fw in0 10.1.1.1/24 2001:db8:1::1/64
lab_addr fw out0 192.0.2.1/24 2001:db8:2::1/64
lab_addr ro eth0 192.0.2.2/24 2001:db8:2::2/64
lab_addr ro lan 198.51.100.1/24 2001:db8:9::1/64
lab_addr srv eth0 198.51.100.10/24 2001:db8:9::10/64
for r in ri ro; do
	lab_in $r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0
done
lab_route pc default via 10.1.2.1
lab_route pc -6 default via 2001:db8:12::1
lab_route ri default via 10.1.1.1
lab_route ri -6 default via 2001:db8:1::1
lab_route fw default via 192.0.2.2
lab_route fw -6 default via 2001:db8:2::2
lab_route fw 10.1.2.0/24 via 10.1.1.2
lab_route fw -6 2001:db8:12::/64 via 2001:db8:1::2
lab_route ro default via 192.0.2.1
lab_route ro -6 default via 2001:db8:2::1
lab_route srv default via 198.51.100.1
lab_route srv -6 default via 2001:db8:9::1
# The routers' narrow links, one on each side of the firewall.
lab_route ri 10.1.2.0/24 dev lan mtu lock 1400
lab_route ri -6 2001:db8:12::/64 dev lan metric 100 mtu lock 1400
lab_route ro 198.51.100.0/24 dev lan mtu lock 1300
lab_route ro -6 2001:db8:9::/64 dev lan metric 100 mtu lock 1300
lab_nginx web srv 80 && lab_nginx pcweb pc 80 || lab_fail "servers start"
head -c 700000 /dev/urandom >"$LAB_DIR/big"
cp "$LAB_DIR/big" "$LAB_DIR/web.www/big"
cp "$LAB_DIR/big" "$LAB_DIR/pcweb.www/big"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_asa fw configure 'access-list out extended permit ip any any
access-group out in interface outside' >/dev/null

forget() { # path MTUs that the hosts have learnt
	lab_in pc ip route flush cache
	lab_in srv ip route flush cache
	lab_in pc ip -6 route flush cache
	lab_in srv ip -6 route flush cache
}
fetch() { # fetch NS URL: the file comes whole
	lab_in "$1" curl -gsf -m 10 "$2" -o "$LAB_DIR/got" && cmp "$LAB_DIR/got" "$LAB_DIR/big"
}
put() { lab_in "$1" curl -gsf -m 10 -T "$LAB_DIR/big" "$2" && cmp "$LAB_DIR/$3.www/up/x" "$LAB_DIR/big" && rm "$LAB_DIR/$3.www/up/x"; }
knows() { lab_in "$1" ip route get "$2" | grep -o 'mtu [0-9]*'; }

# both WHAT SERVER [PC-AS-SEEN-OUTSIDE]: large transfers both ways; each sender learns of the far router's link.
both() {
	local what=$1 srv=$2 pc=${3:-} h
	h=$srv
	[[ $srv == *:* ]] && h="[$srv]"
	forget
	ok "SES-5, NAT-5: $what: download" fetch pc "http://$h/big"
	[ -z "$pc" ] || has "NAT-5: $what: the server knows the inner link" '^mtu 1400$' knows srv "$pc"
	ok "SES-5, NAT-5: $what: upload" put pc "http://$h/up/x" web
	has "NAT-5: $what: the client knows the outer link" '^mtu 1300$' knows pc "$srv"
}
# inbound WHAT PC-AS-SEEN-OUTSIDE: the same for connections from outside.  Upload first: a client that knows a
# narrow way announces a small MSS, and the server has nothing left to learn.
inbound() {
	local h=$2
	[[ $2 == *:* ]] && h="[$2]"
	forget
	ok "SES-5, NAT-5: $1: from outside, upload" put srv "http://$h/up/x" pcweb
	has "NAT-5: $1: from outside, the sender knows the inner link" '^mtu 1400$' knows srv "$2"
	ok "SES-5, NAT-5: $1: from outside, download" fetch srv "http://$h/big"
}

both "IPv4" 198.51.100.10 10.1.2.10
both "IPv6" 2001:db8:9::10 2001:db8:12::10
if command -v tracepath >/dev/null; then
	forget
	has "SES-10: tracepath sees routers and the path MTU" 'Resume: pmtu 1300' lab_in pc tracepath -n -m 6 198.51.100.10
	has "SES-10: tracepath, IPv6" 'Resume: pmtu 1300' lab_in pc tracepath -n -m 6 2001:db8:9::10
else
	lab_skip "SES-10: tracepath" "not installed"
fi

forget # the router complains about a first fragment
has "SES-5: IPv6, 4,000 bytes in pieces: the sender learns of the outer link" ' [1-3] received' \
	lab_in pc ping -c 3 -i 0.2 -W 1 -s 4000 2001:db8:9::10

lab_asa fw clear conn >/dev/null
ok "PAT" lab_asa fw configure 'object network all
 subnet 0.0.0.0 0.0.0.0
 nat (inside,outside) dynamic interface'
both "PAT" 198.51.100.10 192.0.2.1
has "the server was reached from the mapped address" '192\.0\.2\.1' lab_asa fw show xlate
if command -v tracepath >/dev/null; then
	forget
	has "NAT-5: tracepath through PAT" 'Resume: pmtu 1300' lab_in pc tracepath -n -m 6 198.51.100.10
fi

lab_asa fw clear conn >/dev/null
ok "static NAT and NAT66" lab_asa fw configure 'object network pc
 host 10.1.2.10
 nat (inside,outside) static 203.0.113.10
object network pc6
 host 2001:db8:12::10
 nat (inside,outside) static 2001:db8:f::10'
both "static NAT" 198.51.100.10 203.0.113.10
inbound "static NAT" 203.0.113.10
both "NAT66" 2001:db8:9::10 2001:db8:f::10
inbound "NAT66" 2001:db8:f::10

# The firewall's own link is the narrow one: it sends the errors itself, about addresses that the sender knows.
lab_ip ro link set eth0 mtu 1290
lab_ip fw link set out0 mtu 1290
lab_wait 3 sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show interface outside | grep -q 'MTU 1290'"
sleep 0.3
forget
ok "SES-5: a narrow link of the firewall: upload" put pc http://198.51.100.10/up/x web
has "SES-5: the firewall said 1290" '^mtu 1290$' knows pc 198.51.100.10
ok "SES-5: and IPv6" put pc "http://[2001:db8:9::10]/up/x" web
has "SES-5: the firewall said 1290, IPv6" '^mtu 1290$' knows pc 2001:db8:9::10
for _ in 1 2 3 4 5 6; do # the daemon hands its counts over now and then
	[ "$(lab_drops fw fragmentation-needed)" -ge 1 ] && break
	sleep 0.3
done
num "SES-5: fragmentation-needed is counted" "$(lab_drops fw fragmentation-needed)" -ge 1
# Without DF it sends pieces, through a translation.
has "SES-5: a ping of 2,000 bytes, in pieces, both ways" ' 0% packet loss' \
	lab_in pc ping -M dont -c 3 -i 0.2 -W 2 -s 2000 198.51.100.10
lab_end
