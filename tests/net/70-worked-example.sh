#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The worked example of the service policies document on a running firewall, as printed: what a flow would match, class
# by class, what acts on real traffic in both directions of the interface, what says of itself that it is not active,
# and its way through write memory and a restart.
# Proves MPF-16, MPF-2, MPF-5, MPF-15, CFG-2.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "worked example"
lab_need_build
lab_simple || lab_fail "topology"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx out srv 80 && lab_nginx in cli 8080 || lab_fail "servers start"
head -c 300000 /dev/urandom >"$LAB_DIR/out.www/file"
cp "$LAB_DIR/out.www/file" "$LAB_DIR/in.www/file"
EXAMPLE=$LAB_ROOT/tests/config/mpf-16-example.in

ok "MPF-16: the example loads as printed" lab_asa fw -f "$EXAMPLE"
lab_asa fw show running-config >"$LAB_DIR/first"
has_not "CFG-2: loaded twice, it says that nothing is new, or nothing" 'ERROR' lab_asa fw -f "$EXAMPLE"
ok "CFG-2: and nothing is" cmp "$LAB_DIR/first" <(lab_asa fw show running-config)

flow() { lab_asa fw show service-policy flow "$@"; }
has "MPF-16: SIP of the class" 'Class-map: sip-class-inside' flow tcp host 10.100.10.5 host 198.51.100.10 eq 5060
has "MPF-16: with its map" 'inspect sip sip-high' flow tcp host 10.100.10.5 host 198.51.100.10 eq 5060
has_not "MPF-16: not of another network" 'sip-class-inside' flow tcp host 10.1.1.5 host 198.51.100.10 eq 5060
has "MPF-16: SNMP of the class" 'inspect snmp snmp-v3only' flow udp host 10.1.1.5 host 198.51.100.10 eq 161
has_not "MPF-3 MPF-16: but for the host that is denied" 'inspect snmp' flow udp host 10.1.1.15 host 198.51.100.10 eq 161
has "MPF-16: ICMP" 'inspect icmp' flow icmp host 10.1.1.5 host 198.51.100.10
has "MPF-2: what no class has is class-default's" 'Class-map: class-default' flow tcp host 10.1.1.5 host 198.51.100.10 eq 80
has "MPF-6: and of the others what no class before set" 'set connection' flow udp host 10.1.1.5 host 198.51.100.10 eq 161

numbers() { # numbers KEY: of class-default
	lab_asa fw --json show service-policy interface inside | $PYTHON -c 'import json, sys
print(sum(c[sys.argv[1]] for p in json.load(sys.stdin)["service_policies"] for c in p["classes"] if c["class_map"] == "class-default"))' "$1"
}
num "MPF-15: no packets yet" "$(numbers packets)" -eq 0
ok "MPF-16: a download out of the interface" lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/file
sent=$(numbers packets)
num "MPF-15: its packets are class-default's" "$sent" -ge 30
lab_conf fw <<-'CONF'
	access-list from_outside extended permit tcp any host 10.1.1.10 eq 8080
	access-group from_outside in interface outside
CONF
ok "MPF-5: a connection that leaves by the interface" lab_in srv curl -sf -m 5 -o /dev/null http://10.1.1.10:8080/file
num "MPF-5: is in the class, too" "$(numbers packets)" -ge $((sent + 30))
lab_in cli timeout 5 bash -c 'exec 3<>/dev/tcp/198.51.100.10/80; sleep 1' &
held=$!
up() { [ "$(numbers connections)" -ge 1 ]; }
ok "MPF-15: a connection that is up is counted" lab_wait 2 up
wait $held
has "MPF-16: timeouts as printed" 'embryonic 0:00:30 half-closed 0:10:00 idle 1:00:00 reset' lab_asa fw show service-policy interface inside
has "MPF-16: DCD as printed" 'DCD: enabled, retry-interval 0:15:00, max-retries 5' lab_asa fw show service-policy interface inside
has "MPF-16: what does not act says so" 'user-statistics accounting \(configured, not active\)' lab_asa fw show service-policy
lab_end
