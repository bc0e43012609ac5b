#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sequence-number randomization with real stacks, two firewalls in line that both randomize: what the other end
# sees, a transfer with losses (SACK), off by class and by NAT rule, TCP MD5 signatures.
# Proves SEQ-1, SEQ-2, SEQ-3, SEQ-4, SEQ-5, SEQ-6, SES-15 (offsets).

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "seq"
lab_need_build
# cli 10.1.1.10 - fw1 - 192.0.2.0/24 - fw2 - srv 198.51.100.10
topology() {
	lab_ns cli fw1 fw2 srv &&
	lab_veth cli eth0 fw1 in0 && lab_veth fw1 out0 fw2 in0 && lab_veth srv eth0 fw2 out0 || return 1
	lab_addr cli eth0 10.1.1.10/24
	lab_addr fw1 in0 10.1.1.1/24 && lab_addr fw1 out0 192.0.2.1/24
	lab_addr fw2 in0 192.0.2.2/24 && lab_addr fw2 out0 198.51.100.1/24
	lab_addr srv eth0 198.51.100.10/24
	lab_route cli default via 10.1.1.1 && lab_route srv default via 198.51.100.1
	lab_route fw1 198.51.100.0/24 via 192.0.2.2 && lab_route fw2 10.1.1.0/24 via 192.0.2.1
}
topology || lab_fail "topology"
for fw in fw1 fw2; do
	lab_asad $fw || lab_fail "$fw starts"
	lab_conf $fw <<-'CONF' >/dev/null
		interface in0
		 nameif inside
		interface out0
		 nameif outside
	CONF
done
lab_ghost fw1 in0 10.1.1.66 cli eth0
lab_ghost fw2 out0 198.51.100.66 srv eth0
lab_nginx web srv 80 || lab_fail "server starts"
head -c 3000000 /dev/urandom >"$LAB_DIR/web.www/file"
SUM=$(sha256sum <"$LAB_DIR/web.www/file")

# SYNs with the number 1000, as they come out behind both firewalls: their numbers, one a line.
IN=$(lab_mac fw1 in0)
seen() {
	lab_probe cli:eth0 srv:eth0 "$IN" "[IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=s,dport=$1,flags='S',seq=1000) for s in ($2,)]" |
		sed -n 's/^tcp .* flags S seq \([0-9]*\) .*sum ok.*/\1/p'
}
got=$(seen 9 5001,5002,5003,5004)
num "SEQ-1: four SYNs got through, with four numbers" "$(sort -u <<<"$got" | grep -c .)" -eq 4
has_not "SEQ-1: none is its own" '^1000$' echo "$got"
has "SEQ-6: an ICMP error quotes the number of the host it goes to" 'about 10\.1\.1\.66:5001 > 198\.51\.100\.66:9.* seq 1000' \
	lab_probe srv:eth0 cli:eth0 "$(lab_mac fw2 out0)" \
	"IP(src='198.51.100.66',dst='10.1.1.66')/ICMP(type=3,code=1)/IP(src='10.1.1.66',dst='198.51.100.66')/TCP(sport=5001,dport=9,flags='S',seq=$(head -n 1 <<<"$got"))"

# Losses, so that there is something to acknowledge selectively; of segments, not of bundles of them.
lab_in srv ethtool -K eth0 tso off gso off >/dev/null 2>&1
lab_in cli nft -f - <<-'NFT'
	table ip loss {
		chain c { type filter hook prerouting priority -300; tcp sport 80 numgen random mod 6 == 0 drop; }
	}
NFT
whole() { [ "$(lab_in cli curl -sf -m 20 http://198.51.100.10/file | sha256sum)" = "$SUM" ]; }
counter() { lab_in "$1" nstat -asz "$2" 2>/dev/null | awk -v k="$2" '$1 == k { print $2 }'; }
ok "SEQ-2 SEQ-4: a transfer with losses through two randomizing firewalls is whole" whole
num "SEQ-2: it was repaired by SACK" "$(counter srv TcpExtTCPSackRecovery)" -gt 0
num "SEQ-2: and every SACK block was one that the server knows" "$(counter srv TcpExtTCPSACKDiscard)" -eq 0
# The same put in order by the first firewall: one offset, whoever forwards.
ok "SEQ-5: a class with queue-limit" lab_asa fw1 configure 'tcp-map inorder
 queue-limit 200
class-map everything
 match any
policy-map order
 class everything
  set connection advanced-options inorder
service-policy order global'
before=$(counter srv TcpExtTCPSACKDiscard)
ok "SEQ-5: with losses, in order and randomized: whole" whole
num "SEQ-5: and every SACK block is right" "$(counter srv TcpExtTCPSACKDiscard)" -eq "$before"
lab_asa fw1 configure 'no service-policy order global' >/dev/null
lab_in cli nft delete table ip loss

# Segments that arrive twice: the receiver says which, in a first block below its acknowledgment (RFC 2883).
cat >"$LAB_DIR/twice.py" <<'PY'
import socket, struct, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("eth0", 3))
s.settimeout(0.5)
print("listening", flush=True)
sent, good, bad, n, end = set(), 0, 0, 0, time.monotonic() + 6
while time.monotonic() < end:
    try:
        b, addr = s.recvfrom(4000)
    except socket.timeout:
        if sent:
            break
        continue
    if b[12:14] != b"\x08\x00" or b[23] != 6:
        continue
    l4, length = 14 + (b[14] & 15) * 4, struct.unpack("!H", b[16:18])[0] + 14
    sport, dport, seq, ack = struct.unpack("!HHII", b[l4:l4 + 12])
    header = (b[l4 + 12] >> 4) * 4
    if addr[2] == 4 and sport == 80 and length > l4 + header:
        n += 1
        if n % 40 == 7 and len(sent) < 20:
            sent.add((seq, (seq + length - l4 - header) & 0xffffffff))
            s.send(b[:length])
    elif addr[2] != 4 and dport == 80:
        o, at = b[l4 + 20:l4 + header], 0
        while at < len(o) and o[at]:
            if o[at] == 1:
                at += 1
                continue
            if o[at] == 5:
                block = struct.unpack("!II", o[at + 2:at + 10])
                if (ack - block[0]) & 0xffffffff < 1 << 31: # below the acknowledgment
                    good, bad = (good + 1, bad) if block in sent else (good, bad + 1)
            at += o[at + 1]
print("sent", len(sent), "good", good, "bad", bad, flush=True)
PY
lab_spawn twice srv "$PYTHON" "$LAB_DIR/twice.py"
lab_wait 5 grep -q listening "$LAB_DIR/twice.log"
ok "SEQ-2: a transfer with segments that come twice" whole
lab_wait 8 grep -q sent "$LAB_DIR/twice.log"
has "SEQ-2: D-SACK: the server learns just which" 'good [1-9][0-9]* bad 0$' lab_log twice

# A restart in the middle of a connection.
cat >"$LAB_DIR/talk.py" <<'PY'
import socket, sys, time
s = socket.create_connection(("198.51.100.10", 80), 5)
s.settimeout(5)
time.sleep(float(sys.argv[1]))
s.sendall(b"GET /file HTTP/1.0\r\nHost: x\r\n\r\n")
n = 0
while True:
    b = s.recv(65536)
    if not b:
        break
    n += len(b)
print("got", n)
PY
lab_spawn talk cli "$PYTHON" "$LAB_DIR/talk.py" 1.2
sleep 0.3
lab_asa fw1 write memory >/dev/null
lab_stop asad-fw1 KILL
lab_asad fw1 || lab_fail "fw1 starts again"
lab_wait 6 grep -q got "$LAB_DIR/talk.log"
has "SES-15: a killed daemon: the connection keeps its numbers" 'got 3000[0-9]{3}' lab_log talk

# SEQ-3, and SEQ-4: TCP MD5 signs the numbers; BGP is the protocol that uses it.
for fw in fw1 fw2; do
	lab_conf $fw <<-'CONF' >/dev/null
		tcp-map signed
		 tcp-options md5 allow
		class-map bgp
		 match port tcp eq bgp
		class-map cannot
		 match port tcp eq 180
		policy-map plain
		 class bgp
		  set connection random-sequence-number disable
		  set connection advanced-options signed
		 class cannot
		  set connection advanced-options signed
		service-policy plain global
	CONF
done
has "SEQ-3: off by class: the number passes unchanged" '^1000$' seen 179 6001
has_not "SEQ-3: other classes are not concerned" '^1000$' seen 9 6002
has "SEQ-3: the class is shown" 'random-sequence-number disable' lab_asa fw1 show service-policy
cat >"$LAB_DIR/md5.py" <<'PY'
import socket, struct, sys
TCP_MD5SIG = 14
def sign(s, peer):
    addr = struct.pack("=H2s4s120x", socket.AF_INET, b"", socket.inet_aton(peer))
    s.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, addr + struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret"))
if sys.argv[1] == "server":
    socks = []
    for port in (179, 180):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sign(s, "10.1.1.10")
        s.bind(("198.51.100.10", port))
        s.listen()
        socks.append(s)
    print("listening", flush=True)
    while True:
        c, _ = socks[0].accept()
        c.sendall(c.recv(100))
else:
    s = socket.socket()
    sign(s, "198.51.100.10")
    s.settimeout(2.5)
    s.connect(("198.51.100.10", int(sys.argv[2])))
    s.sendall(b"open")
    print("echo", s.recv(100))
PY
lab_spawn md5 srv "$PYTHON" "$LAB_DIR/md5.py" server
lab_wait 5 grep -q listening "$LAB_DIR/md5.log"
has "SEQ-4: TCP MD5 works with randomization off" "echo b'open'" lab_in cli "$PYTHON" "$LAB_DIR/md5.py" client 179
not_ok "SEQ-4: and cannot with it on: the signature is over the numbers" lab_in cli "$PYTHON" "$LAB_DIR/md5.py" client 180
num "SEQ-4: the server found those signatures wrong" "$(counter srv TcpExtTCPMD5Failure)" -gt 0

norandom() {
	lab_conf fw1 <<-'CONF' && lab_conf fw2 <<-'CONF2'
		static (inside,outside) 10.1.1.66 10.1.1.66 netmask 255.255.255.255 norandomseq
	CONF
		static (inside,outside) 10.1.1.66 10.1.1.66 netmask 255.255.255.255 norandomseq
	CONF2
}
ok "SEQ-3: a rule with norandomseq" norandom
has "SEQ-3 LIM-7: the number passes unchanged" '^1000$' seen 9 7001
lab_end
