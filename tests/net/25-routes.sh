#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Linux owns routes and neighbours: what `ip route` and the neighbour table change takes effect on running
# connections, without a restart and without losing them. The server is reached by two router namespaces.
# Proves SES-1, SES-5 (TTL, MTU), lessons "offload outlives policy".

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "routes"
lab_need_build

#   cli --- in0 [fw] out0 ---+--- r1 ---+--- srv 203.0.113.10
#                            +--- r2 ---+
lab_ns cli fw r1 r2 srv lan1 lan2 &&
lab_veth cli eth0 fw in0 &&
lab_lan lan1 br0 fw:out0 r1:near r2:near &&
lab_lan lan2 br0 srv:eth0 r1:far r2:far || lab_fail "topology"
lab_addr cli eth0 10.1.1.10/24 2001:db8:1::10/64
lab_addr fw in0 10.1.1.1/24 2001:db8:1::1/64
lab_addr fw out0 198.51.100.1/24 2001:db8:2::1/64
lab_addr srv eth0 203.0.113.10/24 2001:db8:3::10/64
for n in 1 2; do
	lab_addr r$n near 198.51.100.1$n/24 2001:db8:2::1$n/64
	lab_addr r$n far 203.0.113.$n/24 2001:db8:3::$n/64
	lab_in r$n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	lab_route r$n 10.1.1.0/24 via 198.51.100.1
	lab_route r$n -6 2001:db8:1::/64 via 2001:db8:2::1
done
lab_route cli default via 10.1.1.1
lab_route cli -6 default via 2001:db8:1::1
lab_route srv default via 203.0.113.1
lab_route srv -6 default via 2001:db8:3::1
ok "firewall starts" lab_asad fw
ok "interfaces" lab_simple_conf
lab_iperf iperf srv 5201 || lab_fail "server starts"

lab_in cli timeout 2 bash -c 'exec 3<>/dev/tcp/203.0.113.10/5201'
num "SES-1: without a route nothing passes, and no-route is counted" "$(lab_drops fw no-route)" -gt 0
lab_route fw 203.0.113.0/24 via 198.51.100.11
lab_route fw -6 2001:db8:3::/64 via 2001:db8:2::11
ok "SES-1: a route that ip route added is used at once" lab_in cli iperf3 -c 203.0.113.10 -n 1M
ok "SES-1: IPv6" lab_in cli iperf3 -c 2001:db8:3::10 -n 1M

rx() { lab_in "r$1" ip -j -s link show near | "$PYTHON" -c 'import json,sys; print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'; }

# A running connection moves to the other router.
lab_spawn load cli iperf3 -c 203.0.113.10 -t 8 -i 0 -b 20M -J
sleep 1
one=$(rx 1)
sleep 0.5
num "SES-1: the connection goes by router 1" "$(rx 1)" -gt $((one + 50))
lab_route fw 203.0.113.0/24 via 198.51.100.12
sleep 0.5
two=$(rx 2)
one=$(rx 1)
sleep 0.5
num "SES-1: after ip route replace the running connection goes by router 2" "$(rx 2)" -gt $((two + 50))
num "SES-1: and no longer by router 1" "$(rx 1)" -lt $((one + 20))

# Router 2 gets another MAC address: the neighbour table tells.
lab_ip r2 link set near down
lab_ip r2 link set near address 02:00:00:00:77:02
lab_ip r2 link set near up
lab_route r2 10.1.1.0/24 via 198.51.100.1
lab_ip fw neigh flush dev out0
lab_in r2 ping -c1 -W1 198.51.100.1 >/dev/null
sleep 1
two=$(rx 2)
sleep 0.5
num "SES-1: a neighbour with a new MAC address is followed" "$(rx 2)" -gt $((two + 50))

# The best route disappears, a worse one is there.
lab_route fw 203.0.113.0/24 via 198.51.100.11 metric 50
lab_ip fw route del 203.0.113.0/24 via 198.51.100.12
sleep 0.5
one=$(rx 1)
sleep 0.5
num "SES-1: a withdrawn route: the next best is taken" "$(rx 1)" -gt $((one + 50))
wait "${LAB_PID[load]}"
num "SES-1: the transfer completed through all of it" $? -eq 0
unset 'LAB_PID[load]'
# No storm: a steady connection does not visit the daemon.
before=$(lab_map_sum fw asa_punts)
lab_in cli iperf3 -c 203.0.113.10 -t 1 -i 0 -b 20M >/dev/null
num "SES-12: afterwards the daemon sees first packets only" "$(($(lab_map_sum fw asa_punts) - before))" -le 4

# Routes of the configuration stand in Linux.
ok "SES-1: route in the configuration" lab_asa fw configure 'route outside 192.0.2.0 255.255.255.0 198.51.100.12'
has "SES-1: is in the kernel's table" '192\.0\.2\.0/24 via 198\.51\.100\.12 dev out0' lab_ip fw route
ok "SES-1: and goes" lab_asa fw configure 'no route outside 192.0.2.0 255.255.255.0 198.51.100.12'
has_not "SES-1: out of it" '192\.0\.2\.0/24' lab_ip fw route
ok "SES-1: ip address in the configuration" lab_asa fw configure 'interface out0
 ip address 198.51.100.7 255.255.255.0'
has "SES-1: is on the Linux interface" '198\.51\.100\.7/24' lab_ip fw addr show out0

# SES-5: TTL is left alone; a path with a smaller MTU.
lab_ghost fw in0 10.1.1.66 cli eth0
IN=$(lab_mac fw in0)
has "SES-5: the TTL is not decremented" ' ttl 9 ' lab_probe cli:eth0 r1:near "$IN" \
	"IP(src='10.1.1.66',dst='203.0.113.66',ttl=9)/UDP(sport=5,dport=6)/b'x'"
lab_ip fw link set out0 mtu 1400
sleep 0.5
has "SES-5: too big with DF: ICMP fragmentation needed" '^icmp 10\.1\.1\.1 > 10\.1\.1\.66 type 3 code 4 .*sum ok about 10\.1\.1\.66:7 > 203\.0\.113\.66:8' \
	lab_probe cli:eth0 cli:eth0 "$IN" "IP(src='10.1.1.66',dst='203.0.113.66',flags='DF')/UDP(sport=7,dport=8)/(b'x'*1450)" 1
lab_ip fw link set out0 mtu 1500

# The interface of a running firewall disappears and comes back.
lab_ip fw link del in0
sleep 1
ok "faults: the daemon survives an interface that disappears" lab_asa fw show interface
lab_veth cli eth0 fw in0
lab_addr cli eth0 10.1.1.10/24 2001:db8:1::10/64
lab_addr fw in0 10.1.1.1/24 2001:db8:1::1/64
lab_route cli default via 10.1.1.1
again() { lab_in cli timeout 4 iperf3 -c 203.0.113.10 -n 100K; }
ok "faults: and serves it again when it comes back" lab_wait 10 again
lab_end
