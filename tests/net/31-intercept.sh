#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP intercept with real stacks: a flood of forged SYNs against a protected server while clients connect.
# Proves INT-1, INT-2, INT-3, INT-4, INT-5, INT-8, LIM-4, LIM-5 (start of intercept).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "intercept"
lab_need_build
lab_simple || lab_fail "topology"
# A veth delivers what XDP_TX sends only to an end that runs an XDP program itself.
pass_all() {
	printf '%s\n' '#include <linux/bpf.h>' '__attribute__((section("xdp"), used)) int pass(struct xdp_md *c) { return XDP_PASS; }' \
		>"$LAB_DIR/pass.c" &&
		"${CLANG:-clang}" -O2 -target bpf "-I/usr/include/$(uname -m)-linux-gnu" -c "$LAB_DIR/pass.c" -o "$LAB_DIR/pass.o" &&
		lab_ip srv link set eth0 xdp obj "$LAB_DIR/pass.o" sec xdp
}
ok "a peer that receives XDP_TX over veth" pass_all
# The protected host is inside, forged senders are outside and do not exist.
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx web cli 80 || lab_fail "server starts"
head -c 200000 /dev/urandom >"$LAB_DIR/web.www/big"
echo small >"$LAB_DIR/web.www/x"
SUM=$(sha256sum <"$LAB_DIR/web.www/big")
OUT=$(lab_mac fw out0)

protect() {
	lab_conf fw <<-'CONF'
		access-list from_outside extended permit tcp any host 10.1.1.10 eq www
		access-group from_outside in interface outside
		class-map web
		 match any
		policy-map protect
		 class web
		  set connection embryonic-conn-max 20
		service-policy protect interface outside
	CONF
}
ok "LIM-4: embryonic-conn-max for a class" protect
curl_() { lab_in srv curl -sf -m 10 "http://10.1.1.10$1"; }
has "before the flood: the server answers" small curl_ /x

# A connection that shows which options the server uses (INT-4).
lab_spawn example srv "$PYTHON" -c 'import socket, time; s = socket.create_connection(("10.1.1.10", 80), 5); time.sleep(30)'
has_one() { [ "$(lab_conns fw)" -ge 1 ]; }
lab_wait 5 has_one

# flood COUNT PORT: SYNs from forged addresses, each once.
flood() {
	lab_in srv "$PYTHON" - "$OUT" "$1" "$2" <<-'PY'
		import os, random, socket, struct, sys, time
		mac = bytes.fromhex(sys.argv[1].replace(":", ""))
		own = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("eth0", 0))
		def sum16(b):
		    t = sum(struct.unpack("!%dH" % (len(b) // 2), b))
		    t = (t & 0xffff) + (t >> 16)
		    return ~((t & 0xffff) + (t >> 16)) & 0xffff
		dst = socket.inet_aton("10.1.1.10")
		for n in range(int(sys.argv[2])):
		    src = struct.pack("!I", 0xcb007100 + random.randrange(1, 255))
		    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, n & 0xffff, 0, 64, 6, 0) + src + dst
		    ip = ip[:10] + struct.pack("!H", sum16(ip)) + ip[12:]
		    tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65535), int(sys.argv[3]), random.getrandbits(32), 0, 0x50, 2, 8192, 0, 0)
		    tcp = tcp[:16] + struct.pack("!H", sum16(src + dst + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
		    s.send(mac + own + b"\x08\x00" + ip + tcp)
		    if n % 50 == 0:
		        time.sleep(0.005)
	PY
}
stat() { bpftool -j map dump pinned "$(lab_pins fw)/asa_stats" 2>/dev/null | "$PYTHON" -c '
import json, sys
rows = json.load(sys.stdin)
print(sum(v["value"]["packets"] for v in rows[int(sys.argv[1])]["formatted"]["values"]))' "$1"; }
SENT=12 GOOD=13 BAD=14 # enum asa_stat

flood 200 80
num "LIM-4: half-open connections stop at the limit" "$(lab_conns fw)" -le 22
num "INT-1: the rest is answered with cookies" "$(stat $SENT)" -ge 120
has "INT-3: no more than the limit reached the server" '^([0-9]|1[0-9]|2[0-2])$' \
	sh -c "nsenter --net=/run/netns/$LAB_TAG-cli ss -Htan state syn-recv | wc -l"

flood 60000 80 &
FLOOD=$!
sleep 0.5
good=0
for i in $(seq 1 20); do
	[ "$(curl_ /x)" = small ] && good=$((good + 1))
done
num "INT-1 INT-5: clients complete while the flood goes on" "$good" -eq 20
is_whole() { [ "$(curl_ /big | sha256sum)" = "$SUM" ]; }
ok "INT-2: a long answer arrives whole: numbers, windows and SACK are right" is_whole
has "INT-2: a request that follows the handshake at once is not lost" small curl_ /x
# INT-4: a server that uses timestamps was seen before; from the second second on its cookies offer them.
cat >"$LAB_DIR/slow.py" <<'PY'
import socket, time
s = socket.create_connection(("10.1.1.10", 80), 5)
for _ in range(3):
    s.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    n = 0
    while n < 200000:
        n += len(s.recv(65536))
    time.sleep(0.3)
print("got", n, flush=True)
time.sleep(20)
PY
for ns in cli srv; do
	lab_in $ns nft -f - <<-'NFT'
		table inet bare {
			chain in { type filter hook prerouting priority -300; ip saddr { 10.1.1.10, 198.51.100.10 } tcp option timestamp missing counter; }
		}
	NFT
done
offers_timestamps() { bpftool -j map dump pinned "$(lab_pins fw)/asa_intercept" | grep -q '"flags":3'; }
ok "INT-4: the firewall has seen that the server uses timestamps" lab_wait 6 offers_timestamps
lab_spawn slow srv "$PYTHON" "$LAB_DIR/slow.py"
lab_wait 6 grep -q got "$LAB_DIR/slow.log"
bare() { lab_in "$1" nft list table inet bare | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
num "INT-4: both hosts use timestamps: every segment of the client has them" "$(bare cli)" -eq 0
num "INT-4: and every segment of the server" "$(bare srv)" -eq 0
has "INT-4: its segments leave room for them" 'mss:1448' lab_in cli ss -tniH state established "( sport = 80 )"
has "INT-4: and know how long the way is by them" 'rtt:[0-9]?[0-9]\.' lab_in srv ss -tniH "( dport = 80 )"
paws() { lab_in "$1" nstat -asz TcpExtPAWSEstab TcpExtTSEcrRejected 2>/dev/null | awk '/^TcpExt/ { n += $2 } END { print n + 0 }'; }
num "INT-4: no timestamp was older than one before" "$(($(paws cli) + $(paws srv)))" -eq 0
lab_stop slow
has "INT-8: the server under attack" '10\.1\.1\.10:80' lab_asa fw show threat-detection statistics top tcp-intercept

wait $FLOOD
num "INT-4: cookies that came back good" "$(stat $GOOD)" -ge 20
num "no frame was an internal error" "$(lab_drops fw internal-error)" -eq 0

# A port that the access list denies stays silent, intercept or not.
before=$(stat $SENT)
flood 200 8080
num "INT-1: the port that the access list denies never answers" "$(stat $SENT)" -eq "$before"

# A guessed cookie.
flood 300 80
before=$(lab_drops fw tcp-intercept-bad-cookie)
lab_probe srv:eth0 cli:eth0 "$OUT" "IP(src='203.0.113.9',dst='10.1.1.10')/TCP(sport=999,dport=80,flags='A',seq=5,ack=7)" >/dev/null
num "INT-4: a guessed cookie is refused and counted" "$(lab_drops fw tcp-intercept-bad-cookie)" -eq $((before + 1))
lab_end
