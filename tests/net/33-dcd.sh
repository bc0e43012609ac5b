#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Idle connections of real hosts: dead connection detection with both alive, one cut off, both cut off, through PAT,
# static NAT and IPv6, with sequence-number randomization; "reset" at both ends and for whoever speaks later.
# Proves DCD-1, DCD-2, DCD-3, DCD-4, DCD-5, DCD-6, TMO-2, TMO-4, TMO-8.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "dcd"
lab_need_build
lab_simple || lab_fail "topology"
lab_addr cli eth0 10.1.1.20/24
lab_asad fw || lab_fail "firewall starts"
lab_simple_conf >/dev/null
lab_ip srv route del default	# what is not translated is lost
settings() {
	lab_conf fw <<-'CONF'
		timeout-floor none
		object network behind
		 subnet 10.1.1.0 255.255.255.0
		 nat (inside,outside) dynamic interface
		object network published
		 host 10.1.1.20
		 nat (inside,outside) static 198.51.100.20
		class-map everything
		 match any
		policy-map settings
		 class everything
		  set connection timeout idle 0:00:02 reset dcd 0:00:01 3
		service-policy settings global
	CONF
}
has_not "DCD-1 TMO-2 TMO-4: dcd and reset act: no warning" 'WARNING' settings

# The server echoes, and says how each connection ended. The client has three connections: PAT, static NAT, IPv6.
cat >"$LAB_DIR/echo.py" <<'PY'
import socket, threading
def serve(c, peer):
    try:
        while True:
            b = c.recv(1000)
            if not b:
                break
            c.sendall(b)
        print("closed", peer, flush=True)
    except OSError as e:
        print(f"ended {peer} {type(e).__name__}\n", end="", flush=True) # one write: there are others
s = socket.create_server(("", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    c, a = s.accept()
    threading.Thread(target=serve, args=(c, a[0].replace("::ffff:", "")), daemon=True).start()
PY
cat >"$LAB_DIR/idle.py" <<'PY'
import os, socket, sys, time
socks = {"pat": socket.create_connection(("198.51.100.10", 7000), 5, ("10.1.1.10", 0)),
         "static": socket.create_connection(("198.51.100.10", 7000), 5, ("10.1.1.20", 0)),
         "ipv6": socket.create_connection(("2001:db8:2::10", 7000), 5)}
def talk(when):
    for name, s in socks.items():
        try:
            s.settimeout(1.5)
            s.sendall(b"x" * 100)
            print(when, name, "echo" if s.recv(100) else "closed", flush=True)
        except OSError as e:
            print(when, name, type(e).__name__, flush=True)
talk("first")
while True:
    word = sys.stdin.readline().strip()
    if not word:
        break
    talk(word)
PY
lab_spawn echo srv "$PYTHON" "$LAB_DIR/echo.py"
lab_wait 5 grep -q listening "$LAB_DIR/echo.log"
mkfifo "$LAB_DIR/tell"
idle_hosts() {
	rm -f "$LAB_DIR/idle.log" # or the wait below may find what the hosts before said
	nsenter --net="/run/netns/$LAB_TAG-cli" "$PYTHON" "$LAB_DIR/idle.py" <"$LAB_DIR/tell" >"$LAB_DIR/idle.log" 2>&1 &
	LAB_PID[idle]=$!
	exec 7>"$LAB_DIR/tell"
	lab_wait 5 grep -q 'first ipv6' "$LAB_DIR/idle.log"
}
idle_hosts
num "three connections" "$(grep -c '^first .* echo' "$LAB_DIR/idle.log")" -eq 3

lab_in srv nft -f - <<-'NFT'
	table inet bare {
		chain in { type filter hook prerouting priority -300; tcp dport 7000 tcp option timestamp missing counter; }
	}
NFT
# Both alive: nine seconds are four idle timeouts.
before=$(lab_in srv nstat -asz TcpInSegs | awk '/TcpInSegs/ { print $2 }')
sleep 9
num "DCD-3: connections of live hosts outlive their idle timeout" "$(lab_conns fw)" -eq 3
has "DCD-6: the idle time is the one since the answers" 'idle 0:00:0[0-3]' lab_asa fw show conn
dcd() { lab_asa fw show service-policy | sed -n "s/.*DCD:.* $1 \([0-9]*\).*/\1/p"; }
num "DCD-6: probes of clients are counted" "$(dcd client-probe)" -ge 9
num "DCD-6: probes of servers are counted" "$(dcd server-probe)" -ge 9
num "DCD-6: no connection was given up" "$(dcd conn-expiration)" -eq 0
has "DCD-6: show service-policy shows the settings" 'DCD: enabled, retry-interval 0:00:01, max-retries 3' lab_asa fw show service-policy
after=$(lab_in srv nstat -asz TcpInSegs | awk '/TcpInSegs/ { print $2 }')
num "DCD-5: the server got its probes and nothing else" $((after - before)) -le "$(dcd server-probe)"
num "DCD-5: the answers were consumed" "$(lab_drops fw dcd-probe-answer)" -ge 18
# A host that insists on timestamps (RFC 7323 section 3.2) would say nothing to one without.
bare() { lab_in srv nft list table inet bare | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }
num "DCD-2: every probe has a timestamp" "$(bare)" -eq 0
echo second >&7
lab_wait 6 grep -q 'second ipv6' "$LAB_DIR/idle.log"
num "DCD-2: and are as good as before" "$(grep -c '^second .* echo' "$LAB_DIR/idle.log")" -eq 3

# The clients are cut off: after 2 s idle and 3 probes at 1 s the servers get a RST.
lab_in cli nft -f - <<-'NFT'
	table inet cut {
		chain in { type filter hook prerouting priority -300; tcp sport 7000 drop; }
		chain out { type filter hook output priority 0; tcp dport 7000 drop; }
	}
NFT
gone() { [ "$(lab_conns fw)" = 0 ]; }
ok "DCD-4: a host that does not answer ends its connections" lab_wait 9 gone
told() { [ "$(grep -c '^ended ' "$LAB_DIR/echo.log")" -ge 3 ]; }
lab_wait 4 told
num "TMO-4: the live hosts got a RST that they accept" "$(grep -c 'ended .* ConnectionResetError' "$LAB_DIR/echo.log")" -eq 3
num "DCD-6: the ends are counted" "$(dcd conn-expiration)" -eq 3
# The clients come back and still believe in their connections.
lab_in cli nft delete table inet cut
echo third >&7
lab_wait 6 grep -q 'third ipv6' "$LAB_DIR/idle.log"
num "TMO-4: who speaks later gets a RST" "$(grep -c '^third .* ConnectionResetError' "$LAB_DIR/idle.log")" -eq 3
lab_stop idle
exec 7>&-

# Both cut off; and a timeout changed while the connections exist.
ok "TMO-8: the timeout is changed to a minute" lab_asa fw configure 'policy-map settings
 class everything
  set connection timeout idle 0:01:00 reset dcd 0:00:01 2'
idle_hosts
num "three new connections" "$(lab_conns fw)" -eq 3
for ns in cli srv; do
	lab_in $ns nft -f - <<-'NFT'
		table inet cut {
			chain in { type filter hook prerouting priority -300; tcp dport 7000 drop; tcp sport 7000 drop; }
		}
	NFT
done
lab_asa fw configure 'policy-map settings
 class everything
  set connection timeout idle 0:00:01 reset dcd 0:00:01 2' >/dev/null
ok "TMO-8 DCD-4: both cut off, the shorter timeout acts on connections that exist" lab_wait 8 gone
for ns in cli srv; do
	lab_in $ns nft delete table inet cut
done
echo fourth >&7
lab_wait 6 grep -q 'fourth ipv6' "$LAB_DIR/idle.log"
num "TMO-4: who speaks later gets a RST" "$(grep -c '^fourth .* ConnectionResetError' "$LAB_DIR/idle.log")" -eq 3
exec 7>&-
num "no frame was an internal error" "$(lab_drops fw internal-error)" -eq 0
lab_end
