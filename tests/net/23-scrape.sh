#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an operator's tools read: bpftool prints the pinned maps with field names, the numbers agree with asactl and
# with the interfaces, OpenMetrics text, `show asp drop`.
# Proves OBS-1, OBS-2, interface.md "With bpftool".

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "scrape"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx web srv 80 && head -c 3000000 /dev/urandom >"$LAB_DIR/web.www/file"
P=$(lab_pins fw)

for m in asa_stats asa_drops asa_punts asa_ifstats asa_conns; do
	ok "pinned: $m" bpftool map show pinned "$P/$m"
done
has "asa_stats is a per-CPU array with BTF" 'percpu_array' bpftool map show pinned "$P/asa_stats"
has "asa_stats: field names" '"packets":' bpftool map dump pinned "$P/asa_stats"
has "asa_drops: field names" '"packets":' bpftool map dump pinned "$P/asa_drops"
has "asa_punts: field names" '"packets":' bpftool map dump pinned "$P/asa_punts"
has "asa_ifstats: field names" '"rx_packets":' bpftool map dump pinned "$P/asa_ifstats"
has "the enum of drop reasons is in the BTF" 'tcp_not_syn|TCP_NOT_SYN' \
	bpftool btf dump prog id "$(lab_in fw ip -d link show in0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')"

# OBS-2: drops of the driver and of the daemon stand in one list, the same as in the map.
has "OBS-2: layout" '^Frame drop:' lab_asa fw show asp drop
has "OBS-2: second part" '^Flow drop:' lab_asa fw show asp drop
has "OBS-2: last clearing" '^Last clearing: Never' lab_asa fw show asp drop
lab_probe cli:eth0 srv:eth0 "$IN" "[IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5,dport=p,flags='A') for p in range(1, 6)]" >/dev/null
lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='198.51.100.66',dst='10.1.1.66')/UDP(sport=5,dport=6)" >/dev/null
lab_probe cli:eth0 srv:eth0 "$IN" "[raw(bytes(Ether(dst='$IN')/IP(src='10.1.1.66',dst='198.51.100.66',ihl=3,len=40)/TCP()))]" >/dev/null
sleep 1
num "OBS-2: tcp-not-syn (daemon)" "$(lab_drops fw tcp-not-syn)" -eq 5
num "OBS-2: acl-drop (daemon)" "$(lab_drops fw acl-drop)" -eq 1
num "OBS-2: invalid-ip-header (driver)" "$(lab_drops fw invalid-ip-header)" -eq 1
has "OBS-2: a line as the ASA prints it, number ends in column 78" '^  First TCP packet not SYN \(tcp-not-syn\) +5$' lab_asa fw show asp drop
num "OBS-2: column of the number" "$(lab_asa fw show asp drop | grep '(tcp-not-syn)' | awk '{ print length }')" -eq 78
listed=$(lab_asa fw show asp drop | awk '/^  .*\(/ { n += $NF } END { print n + 0 }')
num "OBS-2: the map has the same sum, frame and flow" "$(lab_map_sum fw asa_drops)" -eq "$listed"
ok "OBS-2: frame only" lab_asa fw show asp drop frame
ok "OBS-2: JSON" sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' --json show asp drop | $PYTHON -m json.tool"

# OBS-1, under load and with drops mixed in.
lab_in cli curl -sf -m 10 -o /dev/null http://198.51.100.10/file
lab_in cli ping -c 3 -i 0.2 10.1.1.1 >/dev/null
sleep 1.5
rows() { # per interface: received = forwarded + host + dropped
	bpftool -j map dump pinned "$P/asa_ifstats" | "$PYTHON" -c '
import json, sys
bad = seen = 0
for e in json.load(sys.stdin):
    e = e.get("formatted", e)
    vs = [v["value"] for v in e["values"]] if "values" in e else [e["value"]]
    s = {k: sum(v[k] for v in vs) for k in vs[0]}
    if not s["rx_packets"]:
        continue
    seen += 1
    print(e["key"], s)
    bad += s["rx_packets"] != s["fwd_packets"] + s["host_packets"] + s["drop_packets"]
sys.exit(bad or seen < 2)'
}
ok "OBS-1: received = forwarded + host + dropped on each interface" rows
# And against the kernel's own counter of the cable: nothing is received that is not counted.
dev_rx() { lab_in fw ethtool -S "$1" | awk '/rx_queue_[0-9]+_xdp_packets/ { n += $2 } END { print n + 0 }'; }
index() { lab_ip fw -o link show "$1" | cut -d: -f1; }
mine() { bpftool -j map dump pinned "$P/asa_ifstats" | "$PYTHON" "$LAB_ROOT/tests/net/mapsum.py" rx_packets "$(index "$1")"; }
same() { local a b; a=$(dev_rx in0); b=$(mine in0); echo "device $a, asa_ifstats $b"; [ "$a" -gt 0 ] && [ $((a - b)) -le 8 ] && [ $((a - b)) -ge 0 ]; }
ok "OBS-1: the device's count of XDP packets is ours (but for frames before the start)" same

ok "show metrics: OpenMetrics text" sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show metrics | grep -q '^# EOF'"
has "show metrics: drops by reason" 'tcp-not-syn' lab_asa fw show metrics
ok "OBS-2: clear asp drop" lab_asa fw clear asp drop
num "OBS-2: zero after it" "$(lab_drops fw tcp-not-syn)" -eq 0
has_not "OBS-2: with the time of clearing" 'Last clearing: Never$' sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show asp drop | sed -n '/^Frame/,/^Last/p'"
lab_end
