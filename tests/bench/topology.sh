#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# topology.sh - the namespaces of one device under test, for the scripts of tests/bench; sourced after lab_begin.
#
# Responsible for: gen - device - sink with addresses, permanent neighbours and routes; how asa-bench names them.
# Not responsible for: what the device is (bench.sh, change.sh).

# device NAME: gen - device - sink, addresses and permanent neighbours (the far ends eat ARP)
device() {
	lab_ns "g$1" "f$1" "s$1" && lab_veth "g$1" g0 "f$1" in0 && lab_veth "s$1" s0 "f$1" out0 || return 1
	lab_ip "g$1" link set g0 address 02:00:00:00:00:01
	lab_ip "f$1" link set in0 address 02:00:00:00:00:02
	lab_ip "f$1" link set out0 address 02:00:00:00:00:03
	lab_ip "s$1" link set s0 address 02:00:00:00:00:04
	lab_addr "f$1" in0 10.9.0.1/24 2001:db8:9::1/64
	lab_addr "f$1" out0 198.51.100.1/24 2001:db8:2::1/64
	lab_ip "f$1" neigh replace 10.9.0.2 lladdr 02:00:00:00:00:01 dev in0 nud permanent
	lab_ip "f$1" neigh replace 198.51.100.9 lladdr 02:00:00:00:00:04 dev out0 nud permanent
	lab_ip "f$1" neigh replace 2001:db8:9::2 lladdr 02:00:00:00:00:01 dev in0 nud permanent
	lab_ip "f$1" neigh replace 2001:db8:2::9 lladdr 02:00:00:00:00:04 dev out0 nud permanent
	lab_route "f$1" 192.0.2.0/24 via 10.9.0.2
	lab_route "f$1" -6 2001:db8:1::/64 via 2001:db8:9::2
}

spec() { # spec NAME OPTIONS
	echo "$1=$LAB_TAG-g$1:g0:$LAB_TAG-s$1:s0$2"
}
spec_fw() { # spec_fw REPORTED-AS NAME OPTIONS
	echo "$1=$LAB_TAG-g$2:g0:$LAB_TAG-s$2:s0:pins=$(lab_pins "f$2"):fw=$LAB_TAG-f$2/in0$3"
}
