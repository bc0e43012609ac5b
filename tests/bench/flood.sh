# SPDX-License-Identifier: GPL-2.0-only
#
# flood.sh - the part of bench.sh about TCP intercept: forged SYNs answered a second; sourced, not run.
#
# Devices: ct0  bare XDP that sends every frame back: the ceiling of any answer
#          s1   nftables synproxy, SYNs not tracked
#          fl   the firewall, a class with embryonic-conn-max for port 80 and none for port 81
# Measured: SYN-ACKs that come back to the generator (their checksums are looked at in samples), the daemon's CPU
# time meanwhile, known connections of another class among the SYNs (every second frame), and real clients that
# fetch a page from the server behind the flood.

device_ct0() {
	device ct0 && "$bench" ct0 "$LAB_TAG-fct0" in0
}

device_synproxy() {
	device_kernel s1 || return 1
	cat >"$LAB_DIR/s1.nft" <<-NFT
		table inet fw {
			chain raw {
				type filter hook prerouting priority raw; policy accept;
				tcp dport 80 tcp flags syn notrack
			}
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state invalid,untracked synproxy mss 1460 wscale 7 sack-perm
				ct state invalid drop
				ct state new,established accept
			}
		}
	NFT
	lab_in fs1 nft -f "$LAB_DIR/s1.nft" || return 1
	lab_in fs1 sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.netfilter.nf_conntrack_checksum=0
}

device_intercept() {
	device fl && lab_asad ffl --connections 262144 || return 1
	lab_conf ffl <<-CONF
		interface in0
		 nameif inside
		 security-level 100
		interface out0
		 nameif outside
		 security-level 0
		access-list web extended permit tcp any any eq 80
		class-map web
		 match access-list web
		policy-map protect
		 class web
		  set connection embryonic-conn-max 20
		service-policy protect interface inside
	CONF
	# A client and a server that are real.
	lab_addr gfl g0 10.9.0.2/24
	lab_route gfl default via 10.9.0.1
	lab_addr sfl s0 198.51.100.9/24
	lab_route sfl default via 198.51.100.1
	lab_nginx web sfl 80 && echo hello >"$LAB_DIR/web.www/x" || return 1
	# The daemon loads copies of the program for test runs in the background; its CPU time is measured after that.
	lab_wait 60 flood_daemon_settled
}

flood_daemon_settled() {
	[ "$(find "/proc/${LAB_PID[asad-ffl]}/task" -mindepth 1 -maxdepth 1 | wc -l)" -le 2 ]
}

# Real clients fetch a page while the flood goes on: how many of them got it.
flood_clients() {
	"$bench" flood -p tcp -d 80 -r 1 -t 4 "$1" >/dev/null 2>&1 &
	local pid=$!

	sleep 1.5
	lab_in gfl taskset -c 1 "$PYTHON" - <<-'PY' >>"$out"
		import socket, time
		good = total = 0
		worst = 0.0
		end = time.monotonic() + 3
		while time.monotonic() < end:
		    total += 1
		    begin = time.monotonic()
		    try:
		        s = socket.create_connection(("198.51.100.9", 80), timeout=10)
		        s.settimeout(10)
		        s.sendall(b"GET /x HTTP/1.0\r\n\r\n")
		        data = b""
		        while True:
		            part = s.recv(4096)
		            if not part:
		                break
		            data += part
		        s.close()
		        good += data.endswith(b"hello\n")
		    except OSError:
		        pass
		    worst = max(worst, time.monotonic() - begin)
		print("floodclients good=%d total=%d worst=%.3f" % (good, total, worst))
	PY
	wait $pid
}

run_flood() {
	local devices=()

	device_ct0 && device_synproxy || { echo "note the peers of the flood cannot be built" >>"$out"; return; }
	devices=("$(spec ct0)" "$(spec s1)")
	if [ -z "$peers_only" ]; then
		device_intercept || { echo "note the firewall under the flood cannot be started" >>"$out"; return; }
		devices+=("$(spec fl ":pins=$(lab_pins ffl):pid=${LAB_PID[asad-ffl]}")")
	fi
	measure flood -p tcp -d 80 -f 1000 -r $rounds -t 1 "${devices[@]}"
	[ -n "$peers_only" ] || flood_clients "${devices[2]}"
}
