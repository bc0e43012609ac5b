#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A table of 1,024 places under more connections than it holds: established ones stay, embryonic ones give way,
# what is refused is counted, and nothing is left behind afterwards.
# Proves SES-16.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "table full"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
ok "firewall with 1,024 places" lab_asad fw --connections 1024
lab_simple_conf >/dev/null
lab_iperf iperf srv 5201 && lab_nginx web srv 80 && head -c 1000000 /dev/urandom >"$LAB_DIR/web.www/file" || lab_fail "servers"
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }

# An established connection that has to survive all of it.
lab_spawn load cli iperf3 -c 198.51.100.10 -t 150 -i 0 -b 2M -J
sleep 1
# Half-open ones: SYNs that nobody answers.
out "[IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=s,dport=80,flags='S') for s in range(1000, 2400)]" 0.3 >/dev/null
n=$(lab_conns fw)
num "SES-16: never more than the table holds" "$n" -le 1024
num "SES-16: and it was filled" "$n" -ge 900
has "SES-16: embryonic connections gave way (embryonic-evicted)" 'embryonic-evicted\) +[1-9]' lab_asa fw show asp drop
get() { lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/file; }
ok "SES-16: a new connection gets a place from an embryonic one" get

# Full of connections that are no half-open ones: new ones are refused and counted.
out "[IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=s,dport=9)/b'x' for s in range(1000, 2500)]" 0.3 >/dev/null
num "SES-16: refused ones are counted (unable-to-create-flow)" "$(lab_drops fw unable-to-create-flow)" -gt 100
num "SES-16: still not more than the table holds" "$(lab_conns fw)" -le 1024
ok "SES-16: the daemon lives" lab_asa fw show version
has "SES-16: the established connection is there" ':5201 .*flags U' lab_asa fw show conn port 5201
lab_asa fw clear conn protocol udp >/dev/null
ok "SES-16: and there is room again" get
sleep 0.5
ok "SES-16: the established connection goes on" lab_alive load
lab_stop load INT
lab_asa fw clear conn >/dev/null
num "SES-16: nothing is left behind" "$(lab_conns fw)" -eq 0
lab_end
