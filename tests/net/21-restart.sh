#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The datapath outlives the daemon: kill -9 under load, no packet of an established connection is lost; after the
# restart connections, translations and counters are as before; SIGTERM, SIGHUP, --detach-on-exit.
# Proves SES-15, CFG-2 (start-up configuration), interface.md "SIGTERM … SIGHUP".

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "restart"
lab_need_build
lab_simple || lab_fail "topology"
cat >"$LAB_DIR/fw.startup" <<'CONF'
interface in0
 nameif inside
 security-level 100
interface out0
 nameif outside
 security-level 0
object network srv-net
 subnet 10.1.1.0 255.255.255.0
 nat (inside,outside) static 203.0.113.0
access-list bypass extended permit tcp any any eq 5202
class-map bypass
 match access-list bypass
policy-map pm
 class bypass
  set connection advanced-options tcp-state-bypass
service-policy pm interface inside
CONF
ok "firewall starts with a start-up configuration" lab_asad fw
lab_route srv 203.0.113.0/24 via 198.51.100.1
lab_iperf plain srv 5201 && lab_iperf bypass srv 5202 || lab_fail "servers start"

# A long transfer on each kind of connection, in the background.
lab_spawn load1 cli iperf3 -c 198.51.100.10 -p 5201 -t 12 -i 0 -b 40M -J
lab_spawn load2 cli iperf3 -c 198.51.100.10 -p 5202 -t 12 -i 0 -b 40M -R -J
sleep 1.5
conns() { lab_asa fw show conn | sed -n 's/^\(TCP [^,]*\),.*flags \(.*\)$/\1 \2/p' | sort; }
before=$(conns)
xlates=$(lab_asa fw show xlate | grep -c '203\.0\.113')
ids=$(lab_asa fw show conn detail | sed -n 's/.*conn id \([0-9]*\).*/\1/p' | sort)
num "connections before" "$(wc -l <<<"$before")" -ge 4
drops_before=$(lab_map_sum fw asa_drops)

lab_stop asad-fw KILL
sleep 2
hits1=$(lab_map_sum fw asa_stats)
sleep 0.5
num "SES-15: kill -9: the XDP program goes on forwarding" "$(lab_map_sum fw asa_stats)" -gt "$hits1"
num "SES-15: and drops nothing" "$(lab_map_sum fw asa_drops)" -eq "$drops_before"
not_ok "asactl says that there is no daemon" lab_asa fw show conn
lab_asa fw show conn >/dev/null 2>&1
num "asactl: status 3 when the daemon cannot be reached" $? -eq 3
# With no daemon a new connection is refused and counted (fail mode closed).
not_ok "SES-15: a new connection has to wait for the daemon" \
	lab_in cli timeout 1 bash -c 'exec 3<>/dev/tcp/198.51.100.10/5201'
num "SES-15: what would go to the daemon is dropped and counted" \
	"$(bpftool -j map dump pinned "$(lab_pins fw)/asa_drops" | "$PYTHON" "$LAB_ROOT/tests/net/mapsum.py" packets)" -gt "$drops_before"

ok "the daemon starts again on the same maps" lab_asad fw
after=$(conns)
missing=$(comm -23 <(printf '%s\n' "$before") <(printf '%s\n' "$after"))
if [ -z "$missing" ]; then
	lab_pass "SES-15: every connection is there with its flags"
else
	lab_fail "SES-15: every connection is there with its flags" "missing: $missing"
fi
num "SES-15: translations as before" "$(lab_asa fw show xlate | grep -c '203\.0\.113')" -ge "$xlates"
same=$(comm -12 <(printf '%s\n' "$ids") <(lab_asa fw show conn detail | sed -n 's/.*conn id \([0-9]*\).*/\1/p' | sort) | wc -l)
num "SES-15: connection numbers are kept" "$same" -ge "$(wc -l <<<"$ids")"

wait "${LAB_PID[load1]}"
num "SES-15: the transfer over the restart completed" $? -eq 0
wait "${LAB_PID[load2]}"
num "SES-15: the bypass transfer too" $? -eq 0
unset 'LAB_PID[load1]' 'LAB_PID[load2]'
# Segments that a busy machine delivered late are sent again, too; the receiver says so of each (D-SACK, RFC 2883).
needless=$(lab_in cli nstat -asz TcpExtTCPDSACKRecv | awk '/TCPDSACKRecv/ { print $2 }')
stalls() { "$PYTHON" -c 'import json,sys; e=json.load(open(sys.argv[1])); print(e["end"]["sum_sent"].get("retransmits", 0))' "$LAB_DIR/$1.log"; }
num "SES-15: segments that the client had to send again" $(($(stalls load1) - needless)) -le 5
ok "SES-15: new connections work after the restart" lab_in cli iperf3 -c 198.51.100.10 -p 5201 -n 1M
has "SES-15: and are translated as before" '203\.0\.113\.10' lab_log plain

# New numbers go on after the old ones (UDP: the connection stays to be seen).
lab_in cli sh -c 'echo x | nc -u -w 1 198.51.100.10 9'
last=$(lab_asa fw show conn detail | sed -n 's/.*conn id \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
num "SES-15: connection numbers are not used again" "${last:-0}" -gt "$(sort -n <<<"$ids" | tail -n 1)"

# SIGHUP: the difference of the file is applied, nothing else moves.
sed -i 's/^service-policy.*/&\nhostname renamed/' "$LAB_DIR/fw.startup"
kill -HUP "${LAB_PID[asad-fw]}"
renamed() { lab_asa fw show running-config | grep -q '^hostname renamed'; }
ok "SIGHUP: the configuration file is read again" lab_wait 5 renamed
num "SIGHUP: connections stay" "$(lab_conns fw)" -ge 1

# SIGTERM leaves the program and the connections; with --detach-on-exit they go.
lab_stop asad-fw TERM
has "SIGTERM: the program stays attached" 'xdp' lab_ip fw link show in0
ok "and the maps stay pinned" test -e "$(lab_pins fw)/asa_conns"
ok "start with --detach-on-exit" lab_asad fw --detach-on-exit
lab_stop asad-fw TERM
has_not "--detach-on-exit: the program is gone" 'prog/xdp' lab_ip fw link show in0
not_ok "--detach-on-exit: no pinned maps are left" test -e "$(lab_pins fw)/asa_conns"
lab_end
