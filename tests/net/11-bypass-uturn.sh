#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Scenario 2 of TCP state bypass: the firewall sees one direction of a connection between two networks that are
# both behind `inside`, and sends it back out of the interface it came in on.
# Proves BYP-2 (second configuration), BYP-15, BYP-16, SES-2 (intra-interface).

. "$(dirname "$0")/../../scripts/lab.sh"
. "$LAB_ROOT/scripts/lab-bypass.sh"
lab_begin "bypass, U-turn"
lab_need_build

scenario2_net || lab_fail "topology"
ok "firewall starts" lab_asad fw
load() { scenario2_fw | lab_conf fw; }
ok "BYP-2: the configuration loads, service-policy without the word interface" load
ok "web server" lab_nginx web b 80
ok "iperf3 server" lab_iperf iperf b 5201
head -c 5000000 /dev/urandom >"$LAB_DIR/web.www/file"
sum=$(sha256sum <"$LAB_DIR/web.www/file")
get() { [ "$(lab_in a curl -sf -m 15 "$1" | sha256sum)" = "$sum" ]; }

not_ok "BYP-16: refused without same-security-traffic permit intra-interface" \
	lab_in a curl -sf -m 2 -o /dev/null http://192.168.1.10/file
num "BYP-16: a drop reason says so" "$(lab_drops fw intra-interface-denied)" -gt 0
num "BYP-16: no connection was made" "$(lab_conns fw)" -eq 0

ok "BYP-2: the last line of the scenario" lab_asa fw configure 'same-security-traffic permit intra-interface'
ok "BYP-16: the transfer completes" get http://192.168.1.10/file
ok "to the server, bulk" lab_in a iperf3 -c 192.168.1.10 -t 1 -i 0
has "BYP-12: both ends are on inside, flag b" \
	'^TCP inside 192\.168\.(1\.10|2\.10):[0-9]+ inside 192\.168\.(2\.10|1\.10):[0-9]+, idle .*, flags b$' lab_asa fw show conn
has "BYP-15: the firewall saw one direction only" 'driver packets [1-9][0-9]* \(forward [1-9][0-9]*, reverse 0\)' \
	lab_asa fw show conn detail
worst=$(lab_asa fw show conn detail | sed -n 's/.*daemon packets \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
num "BYP-14: only first segments visited the daemon" "${worst:-none}" -eq 1

ok "IPv6 line" lab_asa fw configure 'access-list tcp_bypass extended permit tcp 2001:db8:12::/64 2001:db8:11::/64'
ok "BYP-15: IPv6 the same way" get 'http://[2001:db8:11::10]/file'

ok "BYP-16: intra-interface is taken back" lab_asa fw configure 'no same-security-traffic permit intra-interface'
lab_asa fw clear conn >/dev/null
not_ok "BYP-16: refused again" lab_in a curl -sf -m 2 -o /dev/null http://192.168.1.10/file
lab_end
