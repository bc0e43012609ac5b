#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP state bypass, segment by segment, with hand-made packets between addresses that no kernel answers for:
# every kind of first segment, what is not checked afterwards, what is refused, limits, timeouts, warnings.
# Proves BYP-3, BYP-4, BYP-5, BYP-6, BYP-7, BYP-8, BYP-11, BYP-13, BYP-17.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "bypass, segments"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
lab_ghost fw in0 2001:db8:1::66 cli eth0
lab_ghost fw out0 2001:db8:2::66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf() {
	lab_conf fw <<-'CONF'
		logging enable
		logging buffered informational
		access-list byp extended permit tcp host 10.1.1.66 host 198.51.100.66 range 1000 1999
		access-list byp extended permit tcp host 198.51.100.66 host 10.1.1.66 range 1000 1999
		access-list byp extended permit tcp host 2001:db8:1::66 host 2001:db8:2::66 range 1000 1999
		class-map byp
		 match access-list byp
		policy-map pm
		 class byp
		  set connection advanced-options tcp-state-bypass
		service-policy pm interface inside
		service-policy pm2 interface outside
	CONF
}
lab_conf fw >/dev/null <<-'CONF'
	class-map none
	 match port tcp eq 7
	policy-map pm2
	 class none
	  set connection conn-max 0
CONF
ok "configuration loads" conf

OUTSIDE="IP(src='198.51.100.66',dst='10.1.1.66')"
INSIDE="IP(src='10.1.1.66',dst='198.51.100.66')"
out() { lab_probe cli:eth0 srv:eth0 "$IN" "$@"; }	# inside to outside
in_() { lab_probe srv:eth0 cli:eth0 "$OUT" "$@"; }	# outside to inside

# BYP-3: a first segment of any kind makes a connection (as seen after asymmetric routing).
port=1000
for flags in SA A PA FA RA F R ''; do
	has "BYP-3: first segment with flags '$flags' passes" "^tcp 10.1.1.66:99 > 198.51.100.66:$port flags $flags seq 77 .*sum ok" \
		out "$INSIDE/TCP(sport=99,dport=$port,flags='$flags',seq=77,ack=5)/b'x'"
	port=$((port + 1))
done
num "BYP-3, BYP-5: each made a connection, FIN and RST too" "$(lab_conns fw)" -eq 8
has "BYP-3: IPv6" '^tcp 2001:db8:1::66:99 > 2001:db8:2::66:1000 flags A' \
	out "IPv6(src='2001:db8:1::66',dst='2001:db8:2::66')/TCP(sport=99,dport=1000,flags='A')"

# BYP-5: nothing is checked afterwards, in either direction.
seg() { echo "TCP(sport=99,dport=1000,flags='$1',seq=$2,ack=$3)/b'$4'"; }
rev() { echo "TCP(sport=1000,dport=99,flags='$1',seq=$2,ack=$3)/b'$4'"; }
got=$(out "[$INSIDE/$(seg A 4000000000 1 a), $INSIDE/$(seg A 5 3000000000 b), $INSIDE/$(seg F 0 0 c), $INSIDE/$(seg R 9 0 d), $INSIDE/$(seg S 1 0 e), $INSIDE/$(seg A 2000000000 0 f)]")
num "BYP-5: six segments in no order, after FIN and RST too" "$(grep -c '^tcp 10.1.1.66:99 .*sum ok' <<<"$got")" -eq 6
got=$(in_ "[$OUTSIDE/$(rev SA 7 7 g), $OUTSIDE/$(rev R 70000 0 h), $OUTSIDE/$(rev A 1 4294967295 i)]")
num "BYP-5: answers of any kind pass without an access list" "$(grep -c '^tcp 198.51.100.66:1000 .*sum ok' <<<"$got")" -eq 3
has "BYP-5: the connection is still there" ':1000 .*flags b$' lab_asa fw show conn port 1000
num "BYP-5: no drop was counted as" "$(lab_drops fw tcp-not-syn)" -eq 0
# The SYN on an existing bypass connection is no exception.
has "BYP-14: of these, one packet visited the daemon" 'driver packets 9 \(forward 6, reverse 3\), daemon packets 1 ' \
	lab_asa fw show conn detail port 1000

# BYP-4: outside of the class the same segment is refused.
has_not "BYP-4: a segment outside of the class does not pass" '^tcp' out "$INSIDE/TCP(sport=99,dport=2000,flags='A')"
num "BYP-4: tcp-not-syn" "$(lab_drops fw tcp-not-syn)" -eq 1
has "BYP-4: 106015" 'ASA-6-106015: Deny TCP \(no connection\) from 10.1.1.66/99 to 198.51.100.66/2000 flags ACK  on interface inside' \
	lab_asa fw show logging

# BYP-3: what the interface rule denies makes nothing, bypass or not.
n=$(lab_conns fw)
has_not "BYP-3: from outside without an access list nothing passes" '^tcp' in_ "$OUTSIDE/TCP(sport=98,dport=1001,flags='A')"
num "BYP-3: a denied segment makes no connection" "$(lab_conns fw)" -eq "$n"
num "BYP-3: acl-drop is counted" "$(lab_drops fw acl-drop)" -ge 1

# BYP-13: ICMP without a session.
has_not "BYP-13: an echo reply without a session does not pass" '^icmp' in_ "$OUTSIDE/ICMP(type=0,id=1)"
has "BYP-13: 313004 while bypass is on" '%ASA-4-313004: Denied ICMP type=0, from laddr 198.51.100.66 on interface outside to 10.1.1.66: no matching session' \
	lab_asa fw show logging
lab_asa fw clear logging buffer >/dev/null 2>&1
ok "BYP-13: no logging message 313004" lab_asa fw configure 'no logging message 313004'
in_ "$OUTSIDE/ICMP(type=0,id=2)" >/dev/null
num "BYP-13: and it is silent" "$(lab_asa fw show logging | grep -c 'type=0, from laddr 198.51.100.66.*no matching session')" -le 1

# BYP-7: conn-max counts bypass connections.
lab_asa fw clear conn >/dev/null
ok "BYP-7: conn-max in the class of the bypass" lab_asa fw configure 'policy-map pm
 class byp
  set connection conn-max 2'
out "[$INSIDE/TCP(sport=99,dport=p,flags='A') for p in (1500, 1501, 1502, 1503)]" >/dev/null
num "BYP-7: the limit holds" "$(lab_conns fw)" -eq 2
num "BYP-7: conn-limit is counted" "$(lab_drops fw conn-limit)" -ge 2
lab_asa fw configure 'policy-map pm
 class byp
  no set connection conn-max' >/dev/null

# BYP-8: two minutes, unless the class says otherwise.
lab_asa fw clear conn >/dev/null
out "$INSIDE/TCP(sport=99,dport=1600,flags='A')" >/dev/null
has "BYP-8: idle timeout of two minutes" 'timeout (2m0s|0:02:00)' lab_asa fw show conn detail port 1600
ok "BYP-8: the class sets another" lab_asa fw configure 'policy-map pm
 class byp
  set connection timeout idle 0:10:00'
out "$INSIDE/TCP(sport=99,dport=1601,flags='A')" >/dev/null
has "BYP-8: which new connections get" 'timeout (10m0s|0:10:00)' lab_asa fw show conn detail port 1601
ok "BYP-8: a short one, for the clock" lab_asa fw configure 'timeout-floor none
policy-map pm
 class byp
  set connection timeout idle 0:00:02'
out "$INSIDE/TCP(sport=99,dport=1602,flags='A')" >/dev/null
gone() { ! lab_asa fw show conn port 1602 | grep -q 1602; }
not_ok "BYP-8: it is there at once" gone
ok "BYP-8: and gone after it idled out" lab_wait 8 gone
has "BYP-17: 302304 with duration, bytes and the reason" \
	'%ASA-6-302304: Teardown TCP state-bypass connection [0-9]+ from .*1602.* duration 0:00:0[2-9] bytes [0-9]+ (Connection timeout|Conn-timeout)' \
	lab_asa fw show logging

# BYP-6: what bypass excludes.
not_ok "BYP-6: a tcp-map in the same class is refused" lab_asa fw configure 'tcp-map tm
policy-map pm
 class byp
  set connection advanced-options tm'
has "BYP-6: inspection in the same class: a warning names the ignored action" '[Ww][Aa][Rr][Nn].*inspect' \
	lab_asa fw configure 'policy-map pm
 class byp
  inspect ftp'
has "BYP-11: bypass over dynamic translation: a warning" '[Ww][Aa][Rr][Nn]' lab_asa fw configure 'object network dyn
 subnet 10.1.1.0 255.255.255.0
 nat (inside,outside) dynamic interface
policy-map pm
 class byp
  no set connection advanced-options tcp-state-bypass
  set connection advanced-options tcp-state-bypass'
lab_end
