#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Service modules: an engine between two interfaces (a bridge, which a filter may be put on) gets the packets of a class
# and gives them back; it gets copies; it goes, with its link and without, and fail-open and fail-close do what they say.
# Proves MPF-13, MPF-15, OBS-1.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "service-module"
lab_need_build
topology() {
	lab_simple && lab_ns eng &&
	lab_veth fw ips-to eng e0 && lab_veth fw ips-from eng e1 || return 1
	lab_ip eng link add br0 type bridge stp_state 0 mcast_snooping 0
	lab_ip eng link set e0 master br0 && lab_ip eng link set e1 master br0 && lab_ip eng link set br0 up
}
topology || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx web srv 80 || lab_fail "server starts"
head -c 300000 /dev/urandom >"$LAB_DIR/web.www/file"
SUM=$(sha256sum <"$LAB_DIR/web.www/file")
get() { [ "$(lab_in cli curl -sf -m "${1:-5}" http://198.51.100.10/file | sha256sum)" = "$SUM" ]; }
module() {
	lab_conf fw <<-CONF
		interface ips-to
		 nameif ips-to
		interface ips-from
		 nameif ips-from
		service-module ips to interface ips-to
		service-module ips from interface ips-from
		object network inside-net
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) dynamic 198.51.100.77
		policy-map watched
		 class class-default
		  ips $1
		service-policy watched global
	CONF
}
again() { lab_asa fw clear conn >/dev/null; module "$1" >/dev/null; }
up() { lab_asa fw show service-policy ips | grep -q 'card status Up'; }
down() { lab_asa fw show service-policy ips | grep -q 'card status Down'; }
# through: IP packets that the engine saw of the connections to the server
lab_in eng nft -f - <<-'NFT'
	table bridge seen {
		chain c { type filter hook prerouting priority -300; ip daddr 198.51.100.0/24 counter; }
	}
NFT
through() { lab_in eng nft list table bridge seen | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

has_not "MPF-13: an inline module: it acts" 'not active' module "inline fail-close"
ok "MPF-13: and is found to be there" lab_wait 5 up
ok "MPF-13: a transfer goes through it, and through a translation" get
num "MPF-13: packets of the client passed the engine" "$(through)" -gt 20
has "MPF-15: counted" 'packet input [1-9][0-9]+, packet output [1-9][0-9]+, drop 0' lab_asa fw show service-policy ips
has "MPF-13: the engine sees addresses as they came" '^udp 10\.1\.1\.66:5 > 198\.51\.100\.66:6 len 1 ttl 64 sum ok' \
	lab_probe cli:eth0 eng:e0 "$(lab_mac fw in0)" "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=5,dport=6)/b'x'"
has "MPF-13: and what comes back goes on, translated" '^udp 198\.51\.100\.77:[0-9]+ > 198\.51\.100\.66:6 len 1 ttl 64 sum ok' \
	lab_probe cli:eth0 srv:eth0 "$(lab_mac fw in0)" "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=5,dport=6)/b'x'"

# What the engine drops is dropped, however often it is sent again; nobody takes that for an engine that is gone.
lab_in eng nft add rule bridge seen c tcp dport 80 drop
not_ok "MPF-13: what it does not give back does not pass" get 4
ok "MPF-13: it is there all the same" up
lab_in eng nft flush chain bridge seen c
lab_in eng nft add rule bridge seen c ip daddr 198.51.100.0/24 counter
before=$(lab_drops fw ssm-dpp-invalid)
lab_probe eng:e1 fw:ips-from "$(lab_mac fw in0)" "IP(src='10.1.1.99',dst='198.51.100.66')/UDP(sport=5,dport=7)/b'x'" 0.2 >/dev/null
lab_probe eng:e1 fw:ips-from "$(lab_mac fw in0)" "IP(src='10.1.1.66',dst='198.51.100.66')/ICMP(type=3,code=1)/IP(src='198.51.100.66',dst='10.1.1.66')/UDP(sport=6,dport=5)" 0.2 >/dev/null
num "MPF-13: a packet of no connection from there is refused, and an ICMP error" "$(lab_drops fw ssm-dpp-invalid)" -ge $((before + 2))

# The engine stops, its links stay up.
lab_ip eng link set br0 down
ok "MPF-13: an engine that is gone is missed" lab_wait 6 down
not_ok "MPF-13: fail-close: nothing passes" get 2
num "OBS-1: with its reason (ips-fail-close)" "$(lab_drops fw ips-fail-close)" -gt 0
again "inline fail-open"
ok "MPF-13: fail-open: all passes" get
lab_ip eng link set br0 up
ok "MPF-13: it is back" lab_wait 5 up
before=$(through)
ok "MPF-13: and gets the packets again" get
num "MPF-13: the engine saw them" "$(through)" -gt $((before + 20))
lab_ip eng link set e0 down
ok "MPF-13: a link that is down is noticed" lab_wait 5 down
ok "MPF-13: fail-open" get
lab_ip eng link set e0 up

# Copies.
again "promiscuous fail-close"
ok "MPF-13: promiscuous: there as long as the link is" lab_wait 5 up
before=$(through)
ok "MPF-13: promiscuous: a transfer" get
num "MPF-13: the engine saw it" "$(through)" -gt $((before + 20))
lab_ip eng link set br0 down
ok "MPF-13: it needs nothing back" get
lab_ip eng link set e0 down
ok "MPF-13: its link is down" lab_wait 5 down
not_ok "MPF-13: promiscuous fail-close" get 2

# CSC: the same with another name.
csc() {
	lab_conf fw <<-'CONF'
		no service-module ips to interface ips-to
		no service-module ips from interface ips-from
		service-module csc to interface ips-to
		service-module csc from interface ips-from
		policy-map watched
		 class class-default
		  no ips
		  csc fail-close
	CONF
}
lab_asa fw clear conn >/dev/null
ok "MPF-13: csc instead" csc
not_ok "MPF-13: csc fail-close" get 2
num "OBS-1: with its reason (csc-fail-close)" "$(lab_drops fw csc-fail-close)" -gt 0
num "OBS-1: questions that came back were consumed (ssm-alive)" "$(lab_drops fw ssm-alive)" -gt 2
lab_ip eng link set e0 up
lab_ip eng link set br0 up
csc_up() { lab_asa fw show service-policy csc | grep -q 'card status Up'; }
ok "MPF-13: csc is back" lab_wait 5 csc_up
ok "MPF-13: a transfer through it" get
# A connection keeps its module over a restart.
one() {
	lab_probe cli:eth0 "$1" "$(lab_mac fw in0)" "IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=5,dport=8)/b'x'"
}
one srv:eth0 >/dev/null
ok "the configuration is saved" lab_asa fw write memory
lab_stop asad-fw KILL
ok "the daemon starts again" lab_asad fw
ok "MPF-13: csc is found again" lab_wait 5 csc_up
has "MPF-13, SES-15: a connection still goes through it" '^udp 10\.1\.1\.66:5 > 198\.51\.100\.66:8 ' one eng:e0
has "MPF-13, SES-15: and on" ':[0-9]+ > 198\.51\.100\.66:8 ' one srv:eth0
# Nothing is asked any more, so that the numbers stand still.
lab_ip eng link set e0 down
csc_down() { lab_asa fw show service-policy csc | grep -q 'card status Down'; }
ok "MPF-13: csc's link is down" lab_wait 5 csc_down
law() {
	local rx sum
	rx=$(lab_map_sum fw asa_ifstats rx_packets)
	sum=$(($(lab_map_sum fw asa_ifstats fwd_packets) + $(lab_map_sum fw asa_ifstats host_packets) + $(lab_map_sum fw asa_ifstats drop_packets)))
	echo "received $rx, accounted for $sum"
	[ "$rx" -gt 100 ] && [ "$rx" -eq "$sum" ]
}
ok "OBS-1: every frame is accounted for" lab_wait 3 law
lab_end
