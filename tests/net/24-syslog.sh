#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real syslog server (rsyslog) behind the firewall gets the messages, in the form that its users parse; filters,
# a dead server, the buffer.
# Proves OBS-3, SES-14, BYP-13, BYP-17, ACL-5, NAT-1 (messages 305011, 305012).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "syslog"
lab_need_build
lab_simple || lab_fail "topology"
lab_ns log && lab_veth log eth0 fw log0 || lab_fail "management cable"
lab_addr log eth0 10.9.9.10/24
lab_addr fw log0 10.9.9.1/24
lab_ghost fw in0 10.1.1.66 cli eth0
lab_ghost fw out0 198.51.100.66 srv eth0
IN=$(lab_mac fw in0)
OUT=$(lab_mac fw out0)

cat >"$LAB_DIR/rsyslog.conf" <<CONF
module(load="imudp")
module(load="imtcp")
template(name="plain" type="string" string="%rawmsg%\n")
input(type="imudp" port="514")
input(type="imtcp" port="1514")
*.* action(type="omfile" file="$LAB_DIR/messages" template="plain")
CONF
lab_spawn rsyslog log rsyslogd -n -f "$LAB_DIR/rsyslog.conf" -i "$LAB_DIR/rsyslog.pid"
ok "rsyslog listens" lab_wait 5 lab_listening log 514 u
ok "firewall starts" lab_asad fw
conf() {
	lab_conf fw <<-'CONF'
		interface in0
		 nameif inside
		 security-level 100
		interface out0
		 nameif outside
		 security-level 0
		interface log0
		 nameif mgmt
		 security-level 90
		logging enable
		logging timestamp
		logging buffered informational
		logging trap informational
		logging host mgmt 10.9.9.10
		access-list byp extended permit tcp any any eq 7777
		class-map byp
		 match access-list byp
		policy-map pm
		 class byp
		  set connection advanced-options tcp-state-bypass
		service-policy pm interface inside
		object network inside-net
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) dynamic interface
		access-list from_outside extended deny tcp any any eq 81
		access-group from_outside in interface outside
	CONF
}
ok "configuration loads" conf
lab_asa fw configure 'policy-map global_policy
 class inspection_default
  inspect icmp' >/dev/null 2>&1
lab_nginx web srv 80 && head -c 100000 /dev/urandom >"$LAB_DIR/web.www/file"

lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/file || lab_fail "traffic passes"
lab_in cli ping -c 1 -W 2 198.51.100.10 >/dev/null
lab_spawn udp srv nc -lu 198.51.100.10 53
lab_in cli sh -c 'echo x | nc -u -w 1 198.51.100.10 53'
lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=9,dport=7777,flags='A')" >/dev/null
lab_probe cli:eth0 srv:eth0 "$IN" "IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=9,dport=78,flags='A')" >/dev/null
lab_probe srv:eth0 cli:eth0 "$OUT" "[IP(src='198.51.100.66',dst='10.1.1.66')/TCP(sport=9,dport=81,flags='S'), IP(src='198.51.100.66',dst='10.1.1.66')/ICMP(type=0)]" >/dev/null
lab_asa fw clear conn >/dev/null
lab_asa fw clear xlate >/dev/null
arrived() { grep -q "$1" "$LAB_DIR/messages"; }
ok "messages arrive" lab_wait 5 arrived ASA-6-302013
lab_wait 5 arrived ASA-6-302304

m() { has "OBS-3: $1 $2" "$3" cat "$LAB_DIR/messages"; }
m 302013 "TCP built, with the translation" '%ASA-6-302013: Built outbound TCP connection [0-9]+ for outside:198\.51\.100\.10/80 \(198\.51\.100\.10/80\) to inside:10\.1\.1\.10/[0-9]+ \(198\.51\.100\.1/[0-9]+\)'
m 302014 "TCP torn down" '%ASA-6-302014: Teardown TCP connection [0-9]+ for outside:198\.51\.100\.10/80 to inside:10\.1\.1\.10/[0-9]+ duration 0:00:[0-9]+ bytes [0-9]+ '
m 302015 "UDP built" '%ASA-6-302015: Built outbound UDP connection [0-9]+ for outside:198\.51\.100\.10/53 '
m 302016 "UDP torn down" '%ASA-6-302016: Teardown UDP connection [0-9]+ for outside:198\.51\.100\.10/53 to inside:10\.1\.1\.10/[0-9]+ duration 0:00:[0-9]+ bytes [0-9]+'
m 302020 "ICMP built" '%ASA-6-302020: Built outbound ICMP connection for faddr 198\.51\.100\.10/[0-9]+ gaddr '
m 302021 "ICMP torn down" '%ASA-6-302021: Teardown ICMP connection for faddr 198\.51\.100\.10/[0-9]+ gaddr '
m 302303 "bypass built" '%ASA-6-302303: Built TCP state-bypass connection [0-9]+ from inside:10\.1\.1\.66/9 '
m 302304 "bypass torn down" '%ASA-6-302304: Teardown TCP state-bypass connection [0-9]+ from inside:10\.1\.1\.66/9 .*duration 0:00:'
m 305011 "translation built" '%ASA-6-305011: Built dynamic TCP translation from inside:10\.1\.1\.10/[0-9]+ to outside:198\.51\.100\.1/[0-9]+'
m 305012 "translation torn down" '%ASA-6-305012: Teardown dynamic TCP translation from inside:10\.1\.1\.10/[0-9]+ to outside:198\.51\.100\.1/[0-9]+ duration 0:00:'
m 106015 "no connection" '%ASA-6-106015: Deny TCP \(no connection\) from 10\.1\.1\.66/9 to 198\.51\.100\.66/78 flags ACK  on interface inside'
m 106023 "denied by access list" '%ASA-4-106023: Deny tcp src outside:198\.51\.100\.66/9 dst inside:10\.1\.1\.66/81 by access-group "from_outside"'
m 313004 "ICMP without a session" '%ASA-4-313004: Denied ICMP type=0, from laddr 198\.51\.100\.66 on interface outside to 10\.1\.1\.66: no matching session'
has "OBS-3: priority and time stamp on the wire (local4.info = 166)" \
	'^<166>[A-Z][a-z][a-z] [ 0-9][0-9] 20[0-9][0-9] [0-9:]{8}( [A-Za-z0-9._-]+ )?: %ASA-6-302013: ' cat "$LAB_DIR/messages"

# SES-14: the byte count is right: what the server's interface saw of the connection, without Ethernet.
bytes=$(sed -n 's/.*302014: Teardown TCP .*198.51.100.10\/80 .* bytes \([0-9]*\) .*/\1/p' "$LAB_DIR/messages" | tail -n 1)
num "SES-14: bytes of the connection: at least the file" "${bytes:-0}" -ge 100000
num "SES-14: and not much more" "${bytes:-0}" -le 120000

# 106001 needs an inbound SYN to a place that no list permits and no list denies by name.
ok "no access list on outside" lab_asa fw configure 'no access-group from_outside in interface outside'
lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='198.51.100.66',dst='10.1.1.66')/TCP(sport=9,dport=82,flags='S')" >/dev/null
lab_wait 3 arrived 106001
m 106001 "inbound denied by level" '%ASA-2-106001: Inbound TCP connection denied from 198\.51\.100\.66/9 to 10\.1\.1\.66/82 flags SYN  on interface outside'

# Filters.
ok "OBS-3: no logging message 302015" lab_asa fw configure 'no logging message 302015'
ok "OBS-3: logging message 302013 level 4" lab_asa fw configure 'logging message 302013 level 4'
sleep 1 # what was logged before is still on its way through rsyslogd
n15=$(grep -c 302015 "$LAB_DIR/messages")
lab_in cli sh -c 'echo x | nc -u -w 1 198.51.100.10 53'
lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/file
lab_wait 5 arrived ASA-4-302013
m 302013 "with its new severity" '^<164>.*%ASA-4-302013: '
num "OBS-3: the silenced message does not come" "$(grep -c 302015 "$LAB_DIR/messages")" -eq "$n15"
has "OBS-3: show logging" 'Buffer logging: level informational' lab_asa fw show logging
has "OBS-3: show logging names the server" '10\.9\.9\.10' lab_asa fw show logging

# A dead server: traffic does not notice.
lab_stop rsyslog
slow() { lab_in cli curl -sf -m 2 -o /dev/null http://198.51.100.10/file; }
ok "OBS-3: with a dead server traffic goes on" slow
ok "OBS-3: and again" slow

# TCP to the server, when it is back.
lab_spawn rsyslog log rsyslogd -n -f "$LAB_DIR/rsyslog.conf" -i "$LAB_DIR/rsyslog2.pid"
lab_wait 5 lab_listening log 1514
ok "OBS-3: logging host over TCP" lab_asa fw configure 'no logging host mgmt 10.9.9.10
logging host mgmt 10.9.9.10 tcp/1514'
: >"$LAB_DIR/messages"
sleep 1
slow
ok "OBS-3: messages arrive over TCP" lab_wait 10 arrived 302013
lab_end
