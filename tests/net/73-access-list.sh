#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Access lists on a running firewall: names resolved by a real DNS server, "established" with real programs, hit counts
# that survive edits, lines put in and taken out while a transfer runs.
# Proves ACL-1 (fqdn), ACL-2, ACL-5.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "access-list"
lab_need_build
lab_simple || lab_fail "topology"
lab_ghost fw in0 10.1.1.66 cli eth0
for a in 66 67 68; do lab_ghost fw out0 198.51.100.$a srv eth0; done
is() { # is DESCRIPTION TEXT WANTED
	if [ "$2" = "$3" ]; then lab_pass "$1"; else lab_fail "$1" "'$2', wanted '$3'"; fi
}
IN=$(lab_mac fw in0)
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
to() { # to ADDRESS:PORT…: a datagram from inside to each; prints those that arrive outside
	local p list=
	for p in "$@"; do list+="IP(src='10.1.1.66',dst='${p%:*}')/UDP(sport=4000,dport=${p#*:})/b'x',"; done
	lab_probe cli:eth0 srv:eth0 "$IN" "[$list]" 0.3 | grep -v ':53$\|:53 ' | sed -n 's/^udp.* > \([0-9.:]*\).*/\1/p' | tr '\n' ' '
}

# ---------------------------------------------------------------- fqdn objects, a real DNS server
echo '198.51.100.66 www.example.com' >"$LAB_DIR/hosts"
lab_spawn dns srv dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file="$LAB_DIR/dns.pid" --no-resolv \
	--no-hosts --addn-hosts="$LAB_DIR/hosts" --local-ttl=1 --listen-address=198.51.100.10 --bind-interfaces
lab_wait 5 lab_listening srv 53 u || lab_fail "DNS server" "$(lab_log dns)"
names() {
	lab_conf fw <<-'CONF'
		dns server-group DefaultDNS
		 name-server 198.51.100.10
		object network web
		 fqdn v4 www.example.com
		access-list inside_in extended permit udp any object web eq 7
		access-list inside_in extended permit udp any host 198.51.100.67 eq 8
		access-group inside_in in interface inside
	CONF
}
has_not "ACL-1: an fqdn object" 'WARNING|ERROR' names
resolved() { lab_asa fw show access-list inside_in | grep -q "$1"; }
ok "ACL-1: its name is resolved" lab_wait 5 resolved 'host 198.51.100.66 (www.example.com) eq 7'
has "ACL-1: and shown so" 'access-list inside_in line 1 extended permit udp any fqdn www.example.com \(resolved\)' lab_asa fw show access-list
has "ACL-1: show dns" 'Address: 198.51.100.66 +TTL 00:00:0' lab_asa fw show dns
has "ACL-1: as JSON" '"address": *"198.51.100.66"' lab_asa fw --json show dns
is "ACL-1: its address is permitted, another one is not" "$(to 198.51.100.68:7 198.51.100.66:7)" '198.51.100.66:7 '
echo '198.51.100.68 www.example.com' >"$LAB_DIR/hosts"
kill -HUP "${LAB_PID[dns]}"
ok "ACL-1: another answer, after the TTL" lab_wait 8 resolved 'host 198.51.100.68 (www.example.com)'
is "ACL-1: is permitted at once" "$(to 198.51.100.68:7 198.51.100.67:8 198.51.100.65:7)" '198.51.100.68:7 198.51.100.67:8 '
ok "ACL-1: the former address stays for a while (expire-entry-timer)" resolved 'host 198.51.100.66 (www.example.com)'
has "ACL-2: with its hits" 'host 198.51.100.66 \(www.example.com\) eq 7 \(hitcnt=1\)' lab_asa fw show access-list
lab_stop dns
lab_asa fw clear conn all >/dev/null
is "ACL-1: the server is dead, what is known stays" "$(to 198.51.100.68:7 198.51.100.67:8)" '198.51.100.68:7 198.51.100.67:8 '
has "CFG-2: dns and fqdn in the running configuration" '^ fqdn v4 www.example.com' lab_asa fw show running-config

# ---------------------------------------------------------------- hits and line numbers over edits
hits() { lab_asa fw show access-list inside_in | sed -n "s/.* line $1 .*(hitcnt=\([0-9]*\)).*/\1/p" | head -n 1; }
num "ACL-2: two hits of line 2" "$(hits 2)" -eq 2
lab_asa fw configure 'access-list inside_in line 1 extended deny udp any host 198.51.100.68 eq 9' >/dev/null
num "ACL-2: a line in front: its hits move with it to line 3" "$(hits 3)" -eq 2
lab_asa fw configure 'access-list inside_in line 3 remark between' >/dev/null
num "ACL-2: a remark in front: to line 4" "$(hits 4)" -eq 2
lab_asa fw configure 'no access-list inside_in line 1 extended deny udp any host 198.51.100.68 eq 9' >/dev/null
num "ACL-2: the first line gone: to line 3" "$(hits 3)" -eq 2
has "ACL-2: a hash for the list and each line" 'name hash: 0x[0-9a-f]+|hitcnt=2\) 0x[0-9a-f]+' lab_asa fw show access-list inside_in
lab_asa fw clear access-list inside_in counters >/dev/null
num "ACL-2: clear access-list counters" "$(hits 3)" -eq 0

# ---------------------------------------------------------------- lines change while traffic runs
lab_asa fw configure 'access-list inside_in extended permit tcp any any eq 5201' >/dev/null
lab_iperf iperf srv 5201 || lab_fail "iperf3 server"
lab_spawn load cli iperf3 -c 198.51.100.10 -t 2 -b 200M
sleep 0.3
before=$(lab_drops fw acl-drop)
for i in 1 2 3 4 5 6 7 8 9 10; do
	lab_asa fw configure "access-list inside_in line 1 extended permit udp any host 198.51.100.$i" >/dev/null
	lab_asa fw configure "no access-list inside_in extended permit udp any host 198.51.100.$i" >/dev/null
done
ok "ACL-2: a transfer over 20 edits ends well" wait "${LAB_PID[load]}"
unset "LAB_PID[load]"
num "ACL-2: and nothing of it was dropped" "$(($(lab_drops fw acl-drop) - before))" -eq 0

# ---------------------------------------------------------------- established
back() { lab_in srv timeout 2 nc -z -w 1 -p 6000 10.1.1.10 "$1"; }
lab_spawn display cli nc -lk 6001
lab_spawn www srv nc -lk 7777
lab_asa fw configure 'access-list inside_in extended permit tcp any any eq 7777
established tcp 7777 permitto tcp 6000-6063 permitfrom tcp 1024-65535' >/dev/null
lab_wait 5 lab_listening srv 7777
not_ok "ACL-5: no connection out, none back" back 6001
connected() { lab_asa fw show conn port 7777 | grep -q ' U'; }
lab_spawn client cli "$PYTHON" -c "import socket,time; s=socket.create_connection(('198.51.100.10',7777)); time.sleep(60)"
lab_wait 5 connected
ok "ACL-5: with one, the connection back is permitted" back 6001
has "ACL-5: packet-tracer names the line" 'established tcp 7777' lab_asa fw packet-tracer input outside tcp 198.51.100.10 6000 10.1.1.10 6002
not_ok "ACL-5: not to other ports" back 6064
lab_end
