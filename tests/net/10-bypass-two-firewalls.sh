#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Scenario 1 of TCP state bypass: segments leave by firewall 1 and come back by firewall 2, real programs at both
# ends, both ways, IPv4 with static NAT and IPv6.  Then the same without bypass on firewall 2.
# Proves BYP-1, BYP-2, BYP-3, BYP-4, BYP-5, BYP-11 (static NAT on both), BYP-12, BYP-14, BYP-15, BYP-17.

. "$(dirname "$0")/../../scripts/lab.sh"
. "$LAB_ROOT/scripts/lab-bypass.sh"
lab_begin "bypass, two firewalls"
lab_need_build

scenario1_net || lab_fail "topology"
ok "firewall 1 starts" lab_asad fw1
ok "firewall 2 starts" lab_asad fw2
load_fw1() { { scenario1_interfaces; scenario1_fw1; } | lab_conf fw1; }
load_fw2() { { scenario1_interfaces; scenario1_fw2; } | lab_conf fw2; }
ok "BYP-2: firewall 1's configuration loads with prompts and comment lines" load_fw1
ok "BYP-2: firewall 2's configuration loads as a file" load_fw2
ok "BYP-2: IPv6 lines load" scenario1_ipv6
for fw in fw1 fw2; do
	lab_asa $fw configure 'logging enable
logging buffered informational' >/dev/null
done
has "BYP-2: service-policy is shown in its full form" '^service-policy tcp_bypass_policy interface outside' \
	lab_asa fw1 show running-config service-policy
has "BYP-1: the action is part of the running configuration" 'set connection advanced-options tcp-state-bypass' \
	lab_asa fw1 show running-config policy-map

ok "web server" lab_nginx web srv 80
ok "iperf3 server" lab_iperf iperf srv 5201
head -c 20000000 /dev/urandom >"$LAB_DIR/web.www/file"
sum=$(sha256sum <"$LAB_DIR/web.www/file")

get() { # get URL: the file comes through whole
	[ "$(lab_in cli curl -sf -m 20 "$1" | sha256sum)" = "$sum" ]
}
put() { # put URL FILE
	lab_in cli curl -sf -m 20 -T "$LAB_DIR/web.www/file" "$1" && cmp -s "$LAB_DIR/web.www/file" "$LAB_DIR/web.www/up/$2"
}
ok "BYP-3: IPv4, 20 MB from the server through both firewalls" get http://172.16.1.10/file
ok "BYP-3: IPv4, 20 MB to the server" put http://172.16.1.10/up/v4 v4
ok "BYP-3: IPv6, 20 MB from the server" get 'http://[2001:db8:2::10]/file'
ok "BYP-3: IPv6, 20 MB to the server" put 'http://[2001:db8:2::10]/up/v6' v6
ok "bulk transfer to the server (iperf3)" lab_in cli iperf3 -c 172.16.1.10 -t 1 -i 0
ok "bulk transfer from the server (iperf3 -R)" lab_in cli iperf3 -c 172.16.1.10 -t 1 -i 0 -R
has "the server sees the mapped address" '192\.168\.1\.10' lab_log iperf

# show conn, on both, with both families (the connections have seen FIN in one direction: BYP-5 keeps them).
re='^TCP outside 172\.16\.1\.10:80 inside 10\.1\.1\.10\(192\.168\.1\.10\):[0-9]+, idle 0:00:[0-9]+, bytes [0-9]+, flags b$'
re6='^TCP outside 2001:db8:2::10:80 inside 2001:db8:1::10:[0-9]+, idle 0:00:[0-9]+, bytes [0-9]+, flags b$'
for fw in fw1 fw2; do
	has "BYP-12: show conn on $fw, IPv4, flag b, still there after FIN (BYP-5)" "$re" lab_asa $fw show conn
	has "BYP-12: show conn on $fw, IPv6" "$re6" lab_asa $fw show conn
	has "BYP-12: header line on $fw" '^[0-9]+ in use, [0-9]+ most used$' lab_asa $fw show conn
	has "BYP-17: 302303 on $fw" '%ASA-6-302303: Built TCP state-bypass connection [0-9]+ from ' lab_asa $fw show logging
	has_not "BYP-17: not 302013 on $fw" '%ASA-6-302013' lab_asa $fw show logging
	num "BYP-3: nothing was dropped as tcp-not-syn on $fw" "$(lab_drops $fw tcp-not-syn)" -eq 0
	# One line per connection in detail: after its first segment no packet visits the daemon.
	worst=$(lab_asa $fw show conn detail | sed -n 's/.*daemon packets \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
	most=$(lab_asa $fw show conn detail | sed -n 's/.*driver packets \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
	num "BYP-14: no connection of $fw has more than its first segment in the daemon" "${worst:-none}" -eq 1
	num "BYP-14: the driver forwarded the rest on $fw" "${most:-none}" -gt 1000
	# Only one direction crosses each firewall.
	has "BYP-15: one direction only on $fw" 'driver packets [1-9][0-9]* \(forward [1-9][0-9]*, reverse 0\)' \
		lab_asa $fw show conn detail
done

# Without bypass on firewall 2: new connections die there, as documented.
ok "BYP-1: bypass is turned off on firewall 2" scenario1_bypass fw2 off
lab_asa fw2 clear conn >/dev/null
not_ok "BYP-4: without bypass the transfer fails" lab_in cli curl -sf -m 3 -o /dev/null http://172.16.1.10/file
num "BYP-4: tcp-not-syn is counted on firewall 2" "$(lab_drops fw2 tcp-not-syn)" -gt 0
has "BYP-4: message 106015" \
	'%ASA-6-106015: Deny TCP \(no connection\) from 172\.16\.1\.10/80 to (192\.168\.1\.10|10\.1\.1\.10)/[0-9]+ flags SYN ACK  on interface outside' \
	lab_asa fw2 show logging
not_ok "BYP-4: the same for IPv6" lab_in cli curl -sf -m 3 -o /dev/null 'http://[2001:db8:2::10]/file'
num "BYP-4: no connection was made on firewall 2" "$(lab_conns fw2)" -eq 0

ok "bypass is turned on again" scenario1_bypass fw2 on
ok "the transfer completes again" get http://172.16.1.10/file

# Torn down by the operator: 302304.
lab_asa fw1 clear conn >/dev/null
has "BYP-17: 302304" '%ASA-6-302304: Teardown TCP state-bypass connection [0-9]+ from .* duration 0:00:[0-9]+ bytes [0-9]+' \
	lab_asa fw1 show logging
lab_end
