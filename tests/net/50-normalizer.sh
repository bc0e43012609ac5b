#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The TCP normalizer on the wire: hand-made segments between addresses that no kernel answers for, in the driver and in
# the daemon, with the default map and with another; then real programs through a strict map, which must not notice it.
# Proves NRM-1, NRM-11, NRM-12, NRM-16, NRM-18 to NRM-20, NRM-23, NRM-30, NRM-31.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "normalizer"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf() {
	lab_conf fw <<-'CONF'
		access-list strict extended permit tcp any any eq 2000
		access-list strict extended permit tcp any any eq 5201
		access-list strict extended permit tcp any any eq 8080
		class-map strict
		 match access-list strict
		class-map all
		 match any
		tcp-map strict
		 checksum-verification
		 reserved-bits drop
		 urgent-flag allow
		 exceed-mss drop
		 syn-data drop
		 window-variation drop
		 tcp-options range 30 30 drop
		policy-map pm
		 class strict
		  set connection advanced-options strict
		 class all
		  set connection random-sequence-number disable
		service-policy pm global
	CONF
}
lab_asa fw -f - <<<$'logging enable\nlogging buffered debugging' >/dev/null
has_not "NRM-1: the configuration loads without a warning" 'WARNING|ERROR' conf
has "NRM-1: and is shown" '^ tcp-options range 30 30 drop' lab_asa fw show running-config tcp-map strict
has "NRM-1: with the defaults" '^ synack-data drop' lab_asa fw show running-config all tcp-map strict
has "NRM-1: a map in use is not removed" 'is used by policy-map pm' lab_asa fw configure 'no tcp-map strict'

T="IP(src='10.1.1.66',dst='198.51.100.66',ttl=TTL)/TCP(sport=99,dport=PORT,window=8192,"
B="IP(src='198.51.100.66',dst='10.1.1.66')/TCP(sport=PORT,dport=99,window=8192,"
seg() { sed "s/PORT/$1/g;s/TTL/$2/g" <<<"$T"; }
back() { sed "s/PORT/$1/g" <<<"$B"; }
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@" >"$LAB_DIR/seen"; }
in_() { lab_probe srv:eth0 cli:eth0 "$OUT" "$@" >"$LAB_DIR/seen"; }
seen() { # seen DESCRIPTION REGEX
	has "$1" "$2" cat "$LAB_DIR/seen"
}
not_seen() {
	has_not "$1" "$2" cat "$LAB_DIR/seen"
}

# ---------------------------------------------------------------- the default map
S=$(seg 1000 64) L=$(seg 1000 60) H=$(seg 1000 99) D=$(back 1000)
out "${S}flags='S',seq=100,options=[(34,b'cookie12'),('WScale',7)])/b''"
seen "NRM-23: SYN: an option between 9 and 255 becomes NOPs, the others stay" \
	'flags S seq 100 .*sum ok.* opts 01010101010101010101030307'
in_ "[${D}flags='SA',seq=500,ack=101)/b'data', ${D}flags='SA',seq=500,ack=101)]"
not_seen "NRM-18: SYN-ACK with data does not pass" 'len 4'
seen "NRM-18: without, it does" 'flags SA seq 500 ack 101 len 0 .*sum ok'
num "NRM-18: tcp-synack-data" "$(lab_drops fw tcp-synack-data)" -eq 1
punts=$(lab_map_sum fw asa_punts)
out "[${L}flags='A',seq=101,ack=501),
	${H}flags='PAU',seq=101,ack=501,urgptr=3)/b'1urgent',
	${L}flags='PA',seq=108,ack=501,options=[(30,b'mptc')])/b'2option',
	${L}flags='PA',seq=115,ack=501,reserved=5)/b'3reserved',
	${L}flags='PA',seq=100000,ack=501)/b'4far',
	${L}flags='A',seq=124,ack=9999),
	${L}flags='R',seq=200)]"
seen "NRM-12, NRM-19: urgent bits gone, TTL not above the lowest" 'flags PA seq 101 .*len 7 ttl 60 .*sum ok'
seen "NRM-23: an option in a segment of an open connection" 'seq 108 .*len 7 .*sum ok opts 010101010101'
seen "NRM-11: reserved bits pass" 'seq 115 .*sum ok reserved 5'
not_seen "NRM-16, NRM-21, RFC 5961: nothing beyond the window, no foreign ACK, no guessed RST" 'seq 100000|ack 9999|flags R'
num "NRM-16: tcp-seq-past-win" "$(lab_drops fw tcp-seq-past-win)" -eq 1
num "NRM-21: tcp-invalid-ack" "$(lab_drops fw tcp-invalid-ack)" -eq 1
num "RFC 5961: tcp-rst-syn-in-win" "$(lab_drops fw tcp-rst-syn-in-win)" -eq 1
lab_wait 3 sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show logging | grep -q 419003"
has "NRM-12: 419003" '419003: Cleared TCP urgent flag from inside:10.1.1.66/99 to outside:198.51.100.66/1000' lab_asa fw show logging
num "NRM-31: none of it went to the daemon" "$(($(lab_map_sum fw asa_punts) - punts))" -le 2

out "[${L}dataofs=4)/b'x', IP(src='10.1.1.66',dst='198.51.100.66')/UDP(sport=5,dport=0)]"
lab_wait 3 sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show logging | grep -q 50000"
has "500003, 500004: transport headers that cannot be" \
	'500003: Bad TCP hdr length .hdrlen=16, pktlen=21. from 10.1.1.66/99 to 198.51.100.66/1000, flags: SYN, on interface inside|500004: Invalid transport field for protocol=17, from 10.1.1.66/5 to 198.51.100.66/0' \
	lab_asa fw show logging

# ---------------------------------------------------------------- another map
S=$(seg 2000 64) D=$(back 2000)
out "[${S}flags='S',seq=100)/b'x', ${S}flags='S',seq=100,chksum=7), ${S}flags='S',seq=100,options=[(30,b'ab')])]"
not_seen "NRM-17, NRM-20, NRM-23: SYN with data, with a wrong checksum, with option 30" 'flags S'
num "NRM-17: tcp-syn-data" "$(lab_drops fw tcp-syn-data)" -eq 1
num "NRM-23: tcp-bad-option-list" "$(lab_drops fw tcp-bad-option-list)" -eq 1
out "${S}flags='S',seq=100)"
isn=$(sed -n 's/.*flags S seq \([0-9]*\) .*/\1/p' "$LAB_DIR/seen" | tail -n 1)
in_ "${D}flags='SA',seq=500,ack=$((isn + 1)),options=[('MSS',100)])"
number=$(sed -n 's/.*flags SA seq \([0-9]*\) .*/\1/p' "$LAB_DIR/seen" | tail -n 1)
ack=$((number + 1))
out "[${S}flags='A',seq=101,ack=$ack), ${S}flags='PAU',seq=101,ack=$ack,urgptr=3)/b'1urgent',
	${S}flags='PA',seq=108,ack=$ack,chksum=7)/b'2sum', ${S}flags='PA',seq=108,ack=$ack,reserved=1)/b'3res']"
seen "NRM-12: urgent-flag allow" 'flags PAU .*len 7 .*sum ok urgent 3'
not_seen "NRM-11, NRM-20: reserved bits, a wrong checksum" 'len 4'
out "${S}flags='PA',seq=108,ack=$ack)/(b'x'*101)"
not_seen "NRM-14: more than the server's MSS" 'len 101'
lab_wait 3 sh -c "'$LAB_BUILD/asactl' -s '$(lab_sock fw)' show logging | grep -q 419001"
has "NRM-14: 419001" '419001: Dropping TCP packet from inside:10.1.1.66/99 to outside:198.51.100.66/2000, reason: MSS exceeded, MSS 100, data 101' lab_asa fw show logging
num "NRM-20: bad-tcp-cksum, of the SYN and of the data" "$(lab_drops fw bad-tcp-cksum)" -eq 2
num "NRM-11: tcp-reserved-set" "$(lab_drops fw tcp-reserved-set)" -eq 1

# ---------------------------------------------------------------- real programs
lab_asa fw clear asp drop >/dev/null
lab_nginx web srv 8080
head -c 3000000 /dev/urandom >"$LAB_DIR/web.www/file"
lab_iperf iperf srv 5201
ok "a download through the strict map" lab_in cli curl -sS -m 20 -o "$LAB_DIR/got" http://198.51.100.10:8080/file
ok "every byte is right" cmp "$LAB_DIR/web.www/file" "$LAB_DIR/got"
ok "both ways at once, by the daemon" lab_in cli iperf3 -c 198.51.100.10 -t 1 --bidir
for reason in tcpnorm-win-variation tcp-mss-exceeded bad-tcp-cksum tcp-bad-option-list tcp-paws-fail tcp-reserved-set; do
	num "no segment of theirs is taken for a bad one: $reason" "$(lab_drops fw $reason)" -eq 0
done
lab_end
