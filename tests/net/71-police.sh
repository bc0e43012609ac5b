#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Policing with real senders: the rate of a class where packets leave and where they enter, in the driver; what is not of
# the class is not limited; counters; a changed rate is for new connections.
# Runs alone: it measures rates.
# Proves MPF-5, MPF-8 (1) and (5), MPF-9, MPF-12, MPF-15, OBS-1.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "police"
lab_need_build
lab_simple || lab_fail "topology"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_spawn server srv iperf3 -s
sleep 0.5
policy() {
	lab_conf fw <<-'CONF'
		access-list udp extended permit udp any any
		access-list in extended permit ip any any
		access-group in in interface outside
		class-map udp
		 match access-list udp
		policy-map qos
		 class udp
		  police output 8000000 40000
		  police input 4000000 20000
		service-policy qos interface outside
	CONF
}
ok "MPF-8: policing of a class, both directions" policy
# udp FLAGS…: what arrived, in IP bits per second, for 1200 bytes of payload in 1228 bytes of IP
udp() {
	lab_in cli iperf3 -u -l 1200 -b 20M -t 3 -J -c 198.51.100.10 "$@" >"$LAB_DIR/udp.json" 2>&1
	"$PYTHON" - "$LAB_DIR/udp.json" <<-'PY'
		import json, sys
		s = json.load(open(sys.argv[1]))["end"]
		s = s.get("sum_received") or s["sum"]
		got = s["packets"] - s["lost_packets"]
		print(round(got * 1228 * 8 / s["seconds"]))
	PY
}
# steady RATE FLAGS…: the same; again, twice at most, where a busy machine did not let the sender send enough
steady() {
	local rate=$1 got i
	shift
	for i in 1 2 3; do
		got=$(udp "$@")
		[ "${got:-0}" -ge $((rate * 95 / 100)) ] && break
	done
	echo "$got"
}
json() { lab_asa fw --json show service-policy interface outside police >"$LAB_DIR/police.json"; }
field() { # field DIRECTION NAME
	"$PYTHON" -c "import json,sys; p=json.load(open('$LAB_DIR/police.json'))['service_policies'][0]['classes'][0]['police']
print([x for x in p if x['direction']=='$1'][0]['$2'])"
}
OUT=$(steady 8000000)
num "MPF-8 (5): output policing holds 8 Mbit/s, not less" "${OUT:-0}" -gt 7600000
num "MPF-8 (5): within 5 %" "${OUT:-0}" -lt 8400000
json
num "MPF-15: packets beyond the rate are counted" "$(field output exceeded_packets)" -gt 1000
num "MPF-5: nothing of it entered by this interface but answers" "$(field input exceeded_packets)" -eq 0
num "OBS-1: and dropped with their reason" "$(lab_drops fw rate-exceeded)" -eq "$(field output exceeded_packets)"
ON=$(field output conformed_packets)
IN=$(steady 4000000 -R)
num "MPF-8 (1): input policing holds 4 Mbit/s, not less" "${IN:-0}" -gt 3800000
num "MPF-8 (1): within 5 %" "${IN:-0}" -lt 4200000
json
num "MPF-5: what enters is not what leaves" "$(field output conformed_packets)" -lt $((ON + 100))
num "the driver forwards and drops them, not the daemon" "$(lab_asa fw show conn detail | sed -nE 's/.*daemon packets ([0-9]+).*/\1/p' | sort -n | tail -1)" -lt 60
has "MPF-15: as ASA prints it" 'Output police Interface outside:' lab_asa fw show service-policy police
has "MPF-15: limits" 'cir 8000000 bps, bc 40000 bytes' lab_asa fw show service-policy police
has "MPF-15: numbers" 'exceeded [1-9][0-9]* packets, [1-9][0-9]* bytes; actions:  drop' lab_asa fw show service-policy police
TCP=$(lab_in cli iperf3 -t 1 -i 0 -J -c 198.51.100.10 | "$PYTHON" -c 'import json,sys; print(round(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"]))')
num "traffic of no class is not limited" "${TCP:-0}" -gt 20000000
lab_asa fw clear service-policy interface outside
json
num "MPF-15: clear service-policy" "$(field output exceeded_packets)" -eq 0
has "MPF-12: another rate is for new connections" 'connections that exist keep the policy' lab_asa fw configure 'policy-map qos
 class udp
  police output 2000000 20000'
OUT=$(steady 2000000)
num "MPF-12: a new one has it" "${OUT:-0}" -lt 2100000
num "MPF-12: not less" "${OUT:-0}" -gt 1900000
not_ok "MPF-9: no priority beside it" lab_asa fw configure 'policy-map qos
 class udp
  priority'
lab_end
