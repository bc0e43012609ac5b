#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCP intercept, what 31 leaves: the limit of one client, servers that are dead or refuse.
# Proves INT-1, INT-2, INT-3, INT-7, LIM-5, LIM-7.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "intercept clients"
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
lab_addr srv eth0 198.51.100.11/24 # a client of its own
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_nginx web cli 80 || lab_fail "server starts"
echo small >"$LAB_DIR/web.www/x"
OUT=$(lab_mac fw out0)
configure() {
	lab_conf fw <<-'CONF'
		access-list from_outside extended permit tcp any host 10.1.1.10
		access-list from_outside extended permit tcp any host 10.1.1.99
		access-group from_outside in interface outside
		class-map web
		 match any
		policy-map protect
		 class web
		  set connection per-client-embryonic-max 3
		service-policy protect interface outside
		logging enable
		logging buffered informational
	CONF
}
ok "LIM-5: per-client-embryonic-max" configure
curl_() { lab_in srv curl -s --interface "$1" -m "${3:-10}" -o /dev/null -w '%{http_code}' "http://10.1.1.10:$2/x"; }
probe() { lab_probe srv:eth0 "$1" "$OUT" "$2" "${3:-0.4}"; }
# The daemon gives its own counts to the maps ten times a second.
stat() { sleep 0.3; bpftool -j map dump pinned "$(lab_pins fw)/asa_stats" 2>/dev/null | "$PYTHON" -c '
import json, sys
rows = json.load(sys.stdin)
print(sum(v["value"]["packets"] for v in rows[int(sys.argv[1])]["formatted"]["values"]))' "$1"; }
SENT=12 # enum asa_stat

# One client leaves three half open (to a host that does not answer), from its fourth on it gets cookies.
lab_ghost fw in0 10.1.1.99 cli eth0
syns() { probe cli:eth0 "[IP(src='$1',dst='10.1.1.99')/TCP(sport=p,dport=80,flags='S',seq=1000+p) for p in range($2,$3)]" >/dev/null; }
syns 198.51.100.77 1000 1003
before=$(stat $SENT)
syns 198.51.100.77 1003 1010
num "LIM-5: the fourth and later SYNs of the client get cookies" "$(($(stat $SENT) - before))" -eq 7
num "LIM-5: three are half open" "$(lab_conns fw)" -eq 3
has "LIM-5: message 201012" '201012: Per-client embryonic connection limit exceeded 3/3' lab_asa fw show logging
before=$(stat $SENT)
has "LIM-5: another client connects past all of it" 200 curl_ 198.51.100.10 80
num "LIM-5: without a cookie" "$(stat $SENT)" -eq "$before"

# Three half open in the name of a real client: its next connections are intercepted, too.
syns 198.51.100.11 2000 2003
# connect_ ADDRESS PORT SECONDS: how a real client fares: what ends its connection, after how long
connect_() {
	lab_in srv "$PYTHON" -c '
import socket, sys, time
s = socket.socket()
s.bind(("198.51.100.11", 0))
s.settimeout(float(sys.argv[3]))
begin = time.monotonic()
try:
    s.connect((sys.argv[1], int(sys.argv[2])))
    print("connected", end=" ")
    s.sendall(b"GET /x HTTP/1.0\r\n\r\n")
    print(s.recv(100).split(b"\r\n")[0].decode() or "closed", end=" ")
except OSError as e:
    print(type(e).__name__, end=" ")
print("%.0f" % (time.monotonic() - begin))' "$@"
}
before=$(stat $SENT)
has "INT-2: a server that answers" '^connected HTTP/1.1 200' connect_ 10.1.1.10 80 10
num "INT-1: by a cookie" "$(($(stat $SENT) - before))" -eq 1
has "INT-2: a server that refuses: the client gets a RST at once" 'ConnectionResetError [01]$' connect_ 10.1.1.10 81 10
has "INT-2: a server that is dead: a RST after seven seconds" '^connected ConnectionResetError [78]$' connect_ 10.1.1.99 80 12
num "INT-3: nothing is left of them but what was half open" "$(lab_conns fw)" -le 7
has "INT-7: the manual says how to choose the limit" 'tcp_max_syn_backlog' cat "$LAB_ROOT/doc/asa-config.5"

# The limit of a NAT rule: for all clients of the server behind it.
nat_limit() {
	lab_conf fw <<-'CONF'
		clear configure service-policy
		static (inside,outside) 198.51.100.60 10.1.1.10 netmask 255.255.255.255 0 2
	CONF
}
ok "LIM-7: static with an embryonic limit of 2" nat_limit
before=$(stat $SENT)
probe cli:eth0 "[IP(src='198.51.100.%d' % p,dst='198.51.100.60')/TCP(sport=p,dport=80,flags='S',seq=p) for p in range(201,209)]" >/dev/null
num "LIM-7: from the third half-open connection on there are cookies" "$(($(stat $SENT) - before))" -eq 6
has "LIM-7: and a real client connects" '^connected HTTP/1.1 200' connect_ 198.51.100.60 80 10
num "LIM-7: by a cookie" "$(($(stat $SENT) - before))" -eq 7
num "no frame was an internal error" "$(lab_drops fw internal-error)" -eq 0
lab_end
