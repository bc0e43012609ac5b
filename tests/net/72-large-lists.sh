#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Large access lists in a working firewall: 20,000 entries and 2,000 objects; lines and objects change while a transfer
# and new connections go through; decisions, hit counts and line numbers are those of the list as it is.
# Proves ACL-2, ACL-4, CFG-1.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "large lists"
lab_need_build
lab_simple || lab_fail "topology"
ok "firewall starts" lab_asad fw
lab_simple_conf >/dev/null

N=20000
awk -v n=$N 'BEGIN {
	for (i = 0; i < 2000; i++)
		printf "object network o%d\n host 172.16.%d.%d\n", i, int(i / 256), i % 256
	for (i = 1; i < n; i++)
		if (i % 10)
			printf "access-list big extended permit tcp any host 172.20.%d.%d eq %d\n", int(i / 256), i % 256, 80 + i % 7
		else
			printf "access-list big extended permit tcp any object o%d eq 443\n", int(i / 10) % 2000
	print "access-list big extended permit ip any any"
	print "access-group big in interface inside"
}' >"$LAB_DIR/list"
ok "CFG-1: a list of $N entries and 2,000 objects is loaded" lab_asa fw -f "$LAB_DIR/list"
lab_nginx web srv 80 && lab_iperf iperf srv 5201 || lab_fail "servers start"
head -c 200000 /dev/urandom >"$LAB_DIR/web.www/file"
get() { lab_in cli curl -sf -m 5 -o /dev/null http://198.51.100.10/file; }
# One line of the list: "access-list big line N … (hitcnt=H) …"
last() { lab_asa fw show access-list big | grep -F "extended permit ip any any"; }
ok "ACL-4: the last entry decides" get
before=$(last | sed -n 's/.*hitcnt=\([0-9]*\)).*/\1/p')
num "ACL-2: and counts" "${before:-0}" -ge 1

# New connections and a transfer while lines come and go.
lab_spawn load cli iperf3 -c 198.51.100.10 -t 60 -i 0 -b 20M
lab_wait 5 lab_alive load
gets() {
	local i
	for i in $(seq 30); do
		get || echo lost
	done >"$LAB_DIR/gets"
}
gets &
loop=$!
bad=0 worst=0 i=0
while [ $i -lt 20 ] || { kill -0 $loop 2>/dev/null && [ $i -lt 60 ]; }; do
	start=${EPOCHREALTIME/./}
	lab_asa fw configure "access-list big line $((1 + i * 900 % N)) extended deny tcp any host 203.0.113.$((i + 1)) eq 7" >/dev/null || bad=$((bad + 1))
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	[ $took -le $worst ] || worst=$took
	i=$((i + 1))
done
wait $loop
num "CFG-1: $i lines were put in" "$bad" -eq 0
num "CFG-1: none took half a second (the longest $worst ms)" "$worst" -lt 500
num "CFG-1: no new connection was refused meanwhile" "$(wc -l <"$LAB_DIR/gets")" -eq 0
ok "CFG-1: the transfer goes on" lab_alive load
lab_stop load INT
has "ACL-2: the last entry is that many lines further down" "line $((N + i)) " last
after=$(last | sed -n 's/.*hitcnt=\([0-9]*\)).*/\1/p')
num "ACL-2: it kept its hits and counted on" "${after:-0}" -ge $((before + 30))

# What is in front decides; what an object is, too.
ok "CFG-1: a line in front" lab_asa fw configure 'access-list big line 1 extended deny tcp any host 198.51.100.10 eq 80'
not_ok "ACL-4: it decides" get
has "ACL-2: it counts" 'line 1 extended deny tcp any host 198.51.100.10 eq 80 \(hitcnt=[1-9]|line 1 extended deny tcp any host 198.51.100.10 eq www \(hitcnt=[1-9]' \
	lab_asa fw show access-list big
ok "CFG-1: it goes again" lab_asa fw configure 'no access-list big extended deny tcp any host 198.51.100.10 eq 80'
ok "ACL-4: the last entry decides again" get
ok "CFG-1: an entry in front that names an object" lab_asa fw configure 'access-list big line 2 extended deny tcp any object o7'
ok "CFG-1: the object is elsewhere" get
lab_asa fw configure 'object network o7
host 198.51.100.10' >/dev/null
not_ok "CFG-1: the object is the server" get
lab_asa fw configure 'object network o7
host 172.16.0.7' >/dev/null
ok "CFG-1: and elsewhere again" get
lab_end
