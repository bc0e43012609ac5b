#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Management classes: limits of the connections to the box itself, with real servers on it: exact with many clients
# at once, a flood of forged SYNs, Linux's SYN cookies from the limit on and not before; a daemon that dies.
# Runs alone: its flood takes what a processor has.
# Proves LIM-6, LIM-8, INT-6, MPF-3.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "management limits"
lab_need_build
lab_simple || lab_fail "topology"
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx web fw 8080 && lab_nginx admin fw 9090 && lab_nginx other fw 7070 || lab_fail "servers start"
cookies() { lab_in fw cat /proc/sys/net/ipv4/tcp_syncookies; }
num "before: Linux decides about cookies by itself" "$(cookies)" -eq 1
configure() {
	lab_conf fw <<-'CONF'
		access-list admin extended deny tcp host 10.1.1.77 any
		access-list admin extended permit tcp 10.1.1.0 255.255.255.0 any eq 9090
		access-list admin extended permit tcp 2001:db8:1::/64 any eq 9090
		class-map type management web
		 match port tcp eq 8080
		class-map type management admin
		 match access-list admin
		policy-map box
		 class web
		  set connection conn-max 5
		 class admin
		  set connection conn-max 40 embryonic-conn-max 10
		service-policy box interface inside
		logging enable
		logging buffered informational
	CONF
}
has_not "LIM-6: limits of management classes act: no warning" WARNING configure

# open.py PORT HOST HOW-MANY SECONDS: that many connections at once; says how many there are, holds them until it is told.
cat >"$LAB_DIR/open.py" <<'PY'
import socket, sys, time, select
port, host, n, wait = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
socks = []
for _ in range(n):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.setblocking(False)
    s.connect_ex((host, port))
    socks.append(s)
end = time.monotonic() + wait
good, left = [], list(socks)
while left and time.monotonic() < end:
    for s in select.select([], left, [], end - time.monotonic() if end > time.monotonic() else 0)[1]:
        left.remove(s)
        if not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            good.append(s)
            s.send(b"G")  # what was acknowledged by a cookie and refused comes again with it
for s in left:
    s.close()
print("open", len(good), flush=True)
while good and sys.stdin.readline().strip() == "close":
    good.pop().close()
    print("open", len(good), flush=True)
PY
hold() {
	rm -f "$LAB_DIR/tell"
	mkfifo "$LAB_DIR/tell"
	nsenter --net="/run/netns/$LAB_TAG-cli" "$PYTHON" "$LAB_DIR/open.py" "$@" <"$LAB_DIR/tell" >"$LAB_DIR/open.log" 2>&1 &
	LAB_PID[open]=$!
	exec 7>"$LAB_DIR/tell"
	lab_wait 8 grep -q open "$LAB_DIR/open.log"
}
tell() { echo "$1" >&7; sleep 0.15; }
release() { exec 7>&-; lab_stop open; sleep 0.15; }
open_() { lab_in cli "$PYTHON" "$LAB_DIR/open.py" "$@" </dev/null | sed -n 's/open //p' | head -n 1; }

before=$(lab_drops fw conn-limit)
hold 8080 10.1.1.1 12 0.6
num "LIM-6: twelve clients at once, five connections" "$(sed -n 's/open //p' "$LAB_DIR/open.log")" -eq 5
num "LIM-6: the others are counted as conn-limit" "$(lab_drops fw conn-limit)" -ge $((before + 7))
has "LIM-6: message 201011" '201011: Connection limit exceeded 5/5 for input packet from 10\.1\.1\.10/[0-9]+ to 10\.1\.1\.1/8080 on interface inside' \
	lab_asa fw show logging
has "LIM-10: show service-policy" 'current conns 5, drop [1-9]' lab_asa fw show service-policy
num "LIM-6: a sixth is refused" "$(open_ 8080 10.1.1.1 1 0.4)" -eq 0
num "LIM-6: IPv6 is the same class" "$(open_ 8080 2001:db8:1::1 1 0.4)" -eq 0
LL=$(lab_in fw ip -6 -o addr show dev in0 scope link | sed -n 's/.*inet6 \([^/]*\).*/\1/p')
not_ok "LIM-6: the link-local address is not a way around it" \
	lab_in cli curl -g -s -o /dev/null -m 0.4 "http://[$LL%25eth0]:8080/"
num "MPF-3: what no class matches is not limited" "$(open_ 7070 10.1.1.1 60 1)" -eq 60
num "LIM-6: nor is another class" "$(open_ 9090 10.1.1.1 1 0.4)" -eq 1
num "LIM-6: nor another interface" "$(lab_in srv "$PYTHON" "$LAB_DIR/open.py" 8080 198.51.100.1 8 0.6 </dev/null | sed -n 's/open //p')" -eq 8
tell close
num "LIM-6: one ends, one more may come" "$(open_ 8080 10.1.1.1 3 0.4)" -eq 1
release

# Exact with many at once, again and again.
most=0
for i in 1 2 3 4; do
	for k in 1 2 3 4; do open_ 8080 10.1.1.1 25 0.25 >/dev/null & done
	for k in 1 2 3 4 5 6 7 8; do
		n=$(lab_in fw ss -Htn state established state syn-recv '( sport = 8080 )' | wc -l)
		[ "$n" -le "$most" ] || most=$n
	done
	wait $(jobs -p | grep -v "^${LAB_PID[asad-fw]}$" | tail -n 4) 2>/dev/null
done
num "LIM-8: never more than the limit" "$most" -le 5
num "LIM-8: and all of it" "$most" -ge 4

# A flood of forged SYNs.
half() { lab_in fw ss -Htn state syn-recv '( sport = 9090 )' | wc -l; }
cat >"$LAB_DIR/flood.py" <<'PY'
import random, socket, struct, sys, time
mac, n, port = bytes.fromhex(sys.argv[1].replace(":", "")), int(sys.argv[2]), int(sys.argv[3])
own = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
def sum16(b):
    t = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    t = (t & 0xffff) + (t >> 16)
    return ~((t & 0xffff) + (t >> 16)) & 0xffff
dst = socket.inet_aton("10.1.1.1")
for i in range(n):
    src = struct.pack("!I", 0x0a010100 + random.randrange(100, 250))
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, i & 0xffff, 0, 64, 6, 0) + src + dst
    ip = ip[:10] + struct.pack("!H", sum16(ip)) + ip[12:]
    tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65535), port, random.getrandbits(32), 0, 0x50, 2, 8192, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", sum16(src + dst + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
    s.send(mac + own + b"\x08\x00" + ip + tcp)
    if i % 50 == 0:
        time.sleep(0.002)
PY
flood() { lab_in cli "$PYTHON" "$LAB_DIR/flood.py" "$(lab_mac fw in0)" "$@"; }
flood 8 9090
sleep 0.1
num "INT-6: below the limit Linux decides by itself" "$(cookies)" -eq 1
num "INT-6: eight half-open" "$(half)" -eq 8
flood 40000 9090 &
FLOOD=$!
sleep 0.4
most=$(half)
good=0
for i in $(seq 1 20); do
	[ "$(open_ 9090 10.1.1.1 1 3)" = 1 ] && good=$((good + 1))
	n=$(half)
	[ "$n" -le "$most" ] || most=$n
done
num "INT-6: at the limit Linux answers with cookies" "$(cookies)" -eq 2
num "INT-6: clients complete while the flood goes on" "$good" -eq 20
num "INT-6: never more half-open than the limit" "$most" -le 10
num "INT-6: cookies were sent" "$(lab_in fw nstat -asz TcpExtSyncookiesSent | awk '$1 ~ /Syncookies/ { print $2 }')" -ge 1000
has "INT-6: message 201010" '201010: Embryonic connection limit exceeded 1?[0-9]/10 for inbound packet' lab_asa fw show logging
hold 9090 10.1.1.1 60 6 # a SYN may be lost in the flood: the time of two more
both() { lab_in fw ss -Htn state established state syn-recv '( sport = 9090 )' | wc -l; }
many() { [ "$(both)" -ge 30 ]; }
lab_wait 5 many
n=$(both)
num "LIM-8: connections made by cookies are limited, too" "$n" -le 40
num "LIM-6: and come up to the limit" "$n" -ge 30
release
wait $FLOOD

# Without the daemon nobody counts; the next one finds Linux's setting and gives it back.
lab_stop asad-fw KILL
sleep 2.2
num "LIM-6: the daemon is gone: the box can be reached" "$(open_ 8080 10.1.1.1 9 1)" -eq 9
lab_asad fw || lab_fail "firewall starts again"
num "INT-6: Linux's setting is what it was" "$(cookies)" -eq 1
lab_end
