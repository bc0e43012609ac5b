#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lab-bypass.sh - the two scenarios of TCP state bypass: topologies and configurations, word for word as an
# operator types them.  Sourced after lab.sh by the demo and by the stories.
#
# Responsible for: scenario 1 (two firewalls, segments leave by one and come back by the other) and scenario 2
# (one firewall, out of the interface of entry).
# Not responsible for: traffic and checks.
#
# Scenario 1:
#
#        cli 10.1.1.10 --+--- in0 [fw1] out0 ---+-- 172.16.1.10 srv
#        (default: fw1)  |    .1          .1    |   (192.168.1.0/24 by fw2)
#                        +--- in0 [fw2] out0 ---+
#                             .2          .2
# Segments from cli go by fw1, segments to cli by fw2.  10.1.1.0/24 is 192.168.1.0/24 outside, on both firewalls.
# IPv6: 2001:db8:1::/64 inside, 2001:db8:2::/64 outside, not translated.

scenario1_net() {
	lab_ns cli fw1 fw2 srv lan wan &&
	lab_lan lan br0 cli:eth0 fw1:in0 fw2:in0 &&
	lab_lan wan br0 srv:eth0 fw1:out0 fw2:out0 || return 1
	lab_addr cli eth0 10.1.1.10/24 2001:db8:1::10/64
	lab_addr fw1 in0 10.1.1.1/24 2001:db8:1::1/64
	lab_addr fw2 in0 10.1.1.2/24 2001:db8:1::2/64
	lab_addr srv eth0 172.16.1.10/24 2001:db8:2::10/64
	lab_addr fw1 out0 172.16.1.1/24 2001:db8:2::1/64
	lab_addr fw2 out0 172.16.1.2/24 2001:db8:2::2/64
	lab_route cli default via 10.1.1.1
	lab_route cli -6 default via 2001:db8:1::1
	lab_route srv 192.168.1.0/24 via 172.16.1.2
	lab_route srv -6 2001:db8:1::/64 via 2001:db8:2::2
}

# Interfaces first; the rest is the document's.
scenario1_interfaces() {
	cat <<-'CONF'
		interface in0
		 nameif inside
		 security-level 100
		!
		interface out0
		 nameif outside
		 security-level 0
		!
	CONF
}

# With prompts and comment lines, as a terminal shows them.
scenario1_fw1() {
	cat <<-'CONF'
		ASA1(config)# access-list tcp_bypass extended permit tcp 10.1.1.0 255.255.255.0 172.16.1.0 255.255.255.0
		!
		! The class of the traffic that bypasses the TCP checks
		!
		ASA1(config)# class-map tcp_bypass
		ASA1(config-cmap)# description "TCP traffic that bypasses stateful firewall"
		ASA1(config-cmap)# match access-list tcp_bypass
		ASA1(config-cmap)# policy-map tcp_bypass_policy
		ASA1(config-pmap)# class tcp_bypass
		ASA1(config-pmap-c)# set connection advanced-options tcp-state-bypass
		ASA1(config-pmap-c)# service-policy tcp_bypass_policy outside
		ASA1(config)# object network obj-10.1.1.0
		ASA1(config-network-object)# subnet 10.1.1.0 255.255.255.0
		ASA1(config-network-object)# nat (inside,outside) static 192.168.1.0
	CONF
}

# Without prompts, as a file: source and destination of the access list exchanged, and the way in from outside.
scenario1_fw2() {
	cat <<-'CONF'
		access-list tcp_bypass extended permit tcp 172.16.1.0 255.255.255.0 10.1.1.0 255.255.255.0
		!
		class-map tcp_bypass
		 description "TCP traffic that bypasses stateful firewall"
		 match access-list tcp_bypass
		!
		policy-map tcp_bypass_policy
		 class tcp_bypass
		  set connection advanced-options tcp-state-bypass
		!
		service-policy tcp_bypass_policy outside
		!
		object network obj-10.1.1.0
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) static 192.168.1.0
		!
		access-list from_outside extended permit tcp 172.16.1.0 255.255.255.0 10.1.1.0 255.255.255.0
		access-group from_outside in interface outside
	CONF
}

# The same class for IPv6, one line more in each list.
scenario1_ipv6() {
	lab_conf fw1 <<-'CONF'
		access-list tcp_bypass extended permit tcp 2001:db8:1::/64 2001:db8:2::/64
	CONF
	lab_conf fw2 <<-'CONF'
		access-list tcp_bypass extended permit tcp 2001:db8:2::/64 2001:db8:1::/64
		access-list from_outside extended permit tcp 2001:db8:2::/64 2001:db8:1::/64
	CONF
}

# scenario1_bypass FW on|off: the one line of class configuration mode.
scenario1_bypass() {
	local no=

	[ "$2" = off ] && no='no '
	lab_asa "$1" configure "policy-map tcp_bypass_policy
 class tcp_bypass
  ${no}set connection advanced-options tcp-state-bypass"
}

# Scenario 2: hosts a 192.168.2.10 and b 192.168.1.10 are both behind `inside`, each by a router on the inside
# segment; a's segments go by the firewall, b's answers go straight to a's router.
#
#        a 192.168.2.10 -- ra --+-- in0 [fw]
#                               |
#        b 192.168.1.10 -- rb --+        (rb: 192.168.2.0/24 by ra, ra: 192.168.1.0/24 by fw)

scenario2_net() {
	local r

	lab_ns a b ra rb fw lan &&
	lab_lan lan br0 ra:lan rb:lan fw:in0 &&
	lab_veth a eth0 ra hosts && lab_veth b eth0 rb hosts || return 1
	lab_addr a eth0 192.168.2.10/24 2001:db8:12::10/64
	lab_addr b eth0 192.168.1.10/24 2001:db8:11::10/64
	lab_addr ra hosts 192.168.2.1/24 2001:db8:12::1/64
	lab_addr rb hosts 192.168.1.1/24 2001:db8:11::1/64
	lab_addr ra lan 10.1.1.12/24 2001:db8:1::12/64
	lab_addr rb lan 10.1.1.11/24 2001:db8:1::11/64
	lab_addr fw in0 10.1.1.1/24 2001:db8:1::1/64
	for r in ra rb; do
		lab_in $r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	lab_route a default via 192.168.2.1
	lab_route b default via 192.168.1.1
	lab_route a -6 default via 2001:db8:12::1
	lab_route b -6 default via 2001:db8:11::1
	lab_route ra 192.168.1.0/24 via 10.1.1.1
	lab_route rb 192.168.2.0/24 via 10.1.1.12
	lab_route fw 192.168.1.0/24 via 10.1.1.11
	lab_route fw 192.168.2.0/24 via 10.1.1.12
	lab_route ra -6 2001:db8:11::/64 via 2001:db8:1::1
	lab_route rb -6 2001:db8:12::/64 via 2001:db8:1::12
	lab_route fw -6 2001:db8:11::/64 via 2001:db8:1::11
	lab_route fw -6 2001:db8:12::/64 via 2001:db8:1::12
}

scenario2_fw() {
	cat <<-'CONF'
		interface in0
		 nameif inside
		 security-level 100
		!
		access-list tcp_bypass extended permit tcp 192.168.2.0 255.255.255.0 192.168.1.0 255.255.255.0
		!
		class-map tcp_bypass
		 match access-list tcp_bypass
		!
		policy-map tcp_bypass_policy
		 class tcp_bypass
		  set connection advanced-options tcp-state-bypass
		!
		service-policy tcp_bypass_policy inside
	CONF
}
