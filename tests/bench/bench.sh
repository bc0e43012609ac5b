#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh - `make bench`: builds the devices side by side in namespaces, measures them in one run, prints ratios.
#
# Responsible for: the topologies (gen - device - sink, one per device), the kernel peers and their settings, the
# firewalls' configuration, the bulk transfers with real sockets, memory.
# Not responsible for: sending and counting (asa-bench), ratios, floors and the table (report.py).
#
# Devices: gensink  generator and sink with nothing between them
#          c0       bare XDP redirect that writes the MAC addresses: the ceiling
#          c1       the same that also reads and writes one line of 64 bytes of each flow: the ceiling with one cache miss
#          k0       kernel routing, no netfilter hooks
#          k1       nftables with conntrack, established rule first, nf_conntrack_checksum=0, enlarged tables
#          fw       the firewall, no translation (on port 99 TCP state bypass, on port 98 no randomization)
#          nat      the firewall with static NAT of the source network
#          Both come with a table of the default size, and with one for 1,150,000 connections, which is used
#          for more than 200,000 flows.
# All idle devices cost nothing; the runs go A B C, B C A over the devices, medians are compared.
#
# Options: --quick (fewer flows and rounds), --only LIST (of udp tcp seq bypass v6 new flood bulk), --flows LIST,
#          --rounds N, --gate (status 1 when a floor is missed), --peers-only (no firewall),
#          --keep FILE (also write the raw result lines there)

. "$(dirname "$0")/../../scripts/lab.sh"

quick='' gate='' peers_only='' keep='' want_flows='' want_rounds='' only=udp,tcp,seq,bypass,v6,new,flood,bulk
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=1 ;;
	--gate) gate=--gate ;;
	--peers-only) peers_only=1 ;;
	--flows) want_flows=$2; shift ;;
	--rounds) want_rounds=$2; shift ;;
	--only) only=$2; shift ;;
	--keep) keep=$2; shift ;;
	--help) sed -n '4,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "bench.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
	esac
	shift
done

lab_begin bench
bench=$LAB_BUILD/asa-bench
out=$LAB_DIR/results
: >"$out"
if [ -z "$peers_only" ] && [ ! -x "$LAB_BUILD/asad" ]; then
	echo "bench.sh: $LAB_BUILD/asad is not built; measuring the peers only" >&2
	peers_only=1
fi

if [ -n "$quick" ]; then
	flows=1,1000,60000 rounds=3 secs=0.3
else
	flows=1,1000,60000,1000000 rounds=5 secs=0.5
fi
flows=${want_flows:-$flows} rounds=${want_rounds:-$rounds}

# ------------------------------------------------------------------------------------------- topologies

. "$LAB_ROOT/tests/bench/topology.sh"

device_kernel() {
	device "$1" || return 1
	lab_in "f$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# The size of the conntrack table is the machine's, not the namespace's: put back at the end.
ct_buckets='' ct_max=''
conntrack_grow() {
	ct_buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets 2>/dev/null)
	ct_max=$(sysctl -n net.netfilter.nf_conntrack_max 2>/dev/null)
	[ -n "$ct_buckets" ] || return 0
	sysctl -qw net.netfilter.nf_conntrack_buckets=1048576 net.netfilter.nf_conntrack_max=4194304
}
conntrack_restore() {
	[ -n "$ct_buckets" ] || return 0
	sysctl -qw "net.netfilter.nf_conntrack_buckets=$ct_buckets" "net.netfilter.nf_conntrack_max=$ct_max"
}
trap 'conntrack_restore; lab_clean' EXIT

device_nft() {
	device_kernel "$1" || return 1
	cat >"$LAB_DIR/$1.nft" <<-NFT
		table inet fw {
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state established accept
				ct state new accept
			}
		}
	NFT
	lab_in "f$1" nft -f "$LAB_DIR/$1.nft" || return 1
	conntrack_grow
	lab_in "f$1" sysctl -qw net.netfilter.nf_conntrack_checksum=0 net.netfilter.nf_conntrack_udp_timeout=3600 \
		net.netfilter.nf_conntrack_udp_timeout_stream=3600
}

# device_fw NAME CONNECTIONS [nat]: port 99 is bypassed, on port 98 sequence numbers stay
device_fw() {
	device "$1" && lab_asad "f$1" --connections "$2" || return 1
	{
		cat <<-CONF
			interface in0
			 nameif inside
			 security-level 100
			interface out0
			 nameif outside
			 security-level 0
			timeout udp 1:00:00
			access-list bypass extended permit tcp any any eq 99
			access-list plain extended permit tcp any any eq 98
			class-map bypass
			 match access-list bypass
			class-map plain
			 match access-list plain
			policy-map bench
			 class bypass
			  set connection advanced-options tcp-state-bypass
			  set connection timeout idle 4:00:00
			 class plain
			  set connection random-sequence-number disable
			service-policy bench interface inside
		CONF
		[ "${3:-}" = nat ] && cat <<-CONF
			object network bench-net
			 subnet 192.0.2.0 255.255.255.0
			 nat (inside,outside) static 203.0.113.0
		CONF
	} | lab_conf "f$1"
}

. "$LAB_ROOT/tests/bench/flood.sh"
measure() { "$bench" "$@" | tee -a "$out" | sed -n 's/^note /  note: /p' >&2; }
say() { echo "bench: $*" >&2; }
report() {
	[ -n "$keep" ] && cp "$out" "$keep"
	echo "bench: kernel $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n1)"
	"$PYTHON" "$LAB_ROOT/tests/bench/report.py" $gate "$out"
}

if [ "$only" = flood ]; then
	run_flood
	report
	exit
fi

lab_ns ggensink sgensink && lab_veth ggensink g0 sgensink s0 &&
device c0 && "$bench" c0 "$LAB_TAG-fc0" in0 out0 02:00:00:00:00:04 02:00:00:00:00:03 &&
device c1 && "$bench" c1 "$LAB_TAG-fc1" in0 out0 02:00:00:00:00:04 02:00:00:00:00:03 &&
device_kernel k0 && device_nft k1 || { echo "bench.sh: cannot build the peers" >&2; exit 1; }
peers=("$(spec gensink :rate=800000)" "$(spec c0 :oneway:rate=800000)" "$(spec k0 :rate=200000)" "$(spec k1 :rate=150000)")
fws=() fws_large=()
if [ -z "$peers_only" ]; then
	device_fw fw 262144 && device_fw nat 262144 nat && device_fw fwl 1150000 && device_fw natl 1150000 nat ||
		{ echo "bench.sh: cannot start the firewalls" >&2; exit 1; }
	fws=("$(spec_fw fw fw)" "$(spec_fw nat nat :nat=203.0.113)")
	fws_large=("$(spec_fw fw fwl)" "$(spec_fw nat natl :nat=203.0.113)")
fi

# ------------------------------------------------------------------------------------------- measuring

rss_anon() { awk '/^RssAnon/ { print $2 * 1024 }' "/proc/$1/status"; }

fw_clear() {
	local n

	[ -n "$peers_only" ] && return 0
	for n in ffw fnat ffwl fnatl; do
		lab_asa "$n" clear conn >/dev/null
	done
	lab_in fk1 conntrack -F >/dev/null 2>&1
	sleep 1
}

run_memory() {
	local pid=${LAB_PID[asad-ffw]} pins used

	pins=$(lab_pins ffw)
	used=$(lab_conns ffw)
	for f in "$pins"/*; do
		bpftool -j map show pinned "$f" 2>/dev/null
	done | "$PYTHON" "$LAB_ROOT/tests/bench/memory.py" "${used:-0}" "$rss_before" "$(rss_anon "$pid")" | tee -a "$out" >&2
}

# established OPTIONS: all flow counts, each with the firewalls whose table is meant for it
established() {
	local few many

	few=$(tr , '\n' <<<"$flows" | awk '$1 <= 200000' | paste -sd,)
	many=$(tr , '\n' <<<"$flows" | awk '$1 > 200000' | paste -sd,)
	[ -z "$few" ] || measure run "$@" -f "$few" -r $rounds -t $secs -P "${peers[@]}" "${fws[@]}"
	[ -z "$many" ] || measure run "$@" -f "$many" -r $rounds -t $secs -P "${peers[@]}" "${fws_large[@]}"
}

wanted() { [[ ,$only, == *,$1,* ]]; }

[ -n "$peers_only" ] || rss_before=$(rss_anon "${LAB_PID[asad-ffw]}")
if wanted udp; then
	say "established forwarding, UDP"
	peers+=("$(spec c1 :oneway:rate=800000)")
	established -p udp
	unset "peers[-1]"
	[ -n "$peers_only" ] || run_memory
	fw_clear
fi
if wanted tcp; then
	say "established forwarding, TCP"
	established -p tcp
	fw_clear
fi
if wanted seq && [ -z "$peers_only" ]; then
	say "sequence-number randomization, on and off; TCP state bypass for the same segments"
	# Three classes of one firewall: two firewalls differ by where their memory happens to lie.
	three() { # three FLOWS DEVICE
		"$bench" run -p tcp -f "$1" -r $((rounds > 21 ? 64 : 3 * rounds)) -t $secs "$(spec_fw fw "$2")" \
			"$(spec_fw plain "$2" :port=98)" "$(spec_fw bypass "$2" :port=99)"
	}
	{ three 1000 fw; three 60000 fwl; } | sed 's/^result /random /' | tee -a "$out" | sed -n 's/^note /  note: /p' >&2
	fw_clear
fi
if wanted bypass; then
	say "established forwarding, TCP state bypass, one direction only"
	( unset 'peers[2]' 'fws[1]' 'fws_large[1]' && established -p bypass -d 99 )
	fw_clear
fi
if wanted v6; then
	say "established forwarding, IPv6"
	for p in udp tcp; do
		measure run -6 -p $p -f 1000 -r $rounds -t $secs "${peers[@]}" ${fws[0]:+"${fws[0]}"}
	done
	fw_clear
fi
if wanted new; then
	say "new connections (UDP, one packet each)"
	measure newconn -f 60000 -R 50000,100000,200000,400000,0 "${peers[3]}" ${fws[0]:+"${fws[0]}"}
fi

if wanted flood; then
	say "SYN flood"
	run_flood
fi

# Bulk transfer with real sockets: the firewall against plain routing, segmentation offloads off at the hosts.
bulk() {
	lab_ns "c$1" "r$1" "d$1" && lab_veth "c$1" eth0 "r$1" in0 && lab_veth "d$1" eth0 "r$1" out0 || return 1
	lab_addr "c$1" eth0 10.1.1.10/24
	lab_addr "d$1" eth0 198.51.100.10/24
	lab_addr "r$1" in0 10.1.1.1/24
	lab_addr "r$1" out0 198.51.100.1/24
	lab_route "c$1" default via 10.1.1.1
	lab_route "d$1" default via 198.51.100.1
	lab_iperf "iperf-$1" "d$1" 5201
}

bulk_once() {
	lab_in "c$1" iperf3 -J -c 198.51.100.10 -t 2 2>/dev/null | "$PYTHON" -c '
import json, sys
end = json.load(sys.stdin)["end"]
print("bulk dut=%s mbit=%.1f retransmits=%d" % (sys.argv[1], end["sum_received"]["bits_per_second"] / 1e6,
      end["sum_sent"].get("retransmits", 0)))' "$1" >>"$out" || echo "note dut=$1 bulk transfer failed" >>"$out"
}

if wanted bulk; then
	say "bulk transfer (iperf3, 2 s each)"
	bulk k && lab_in rk sysctl -qw net.ipv4.ip_forward=1
	if [ -z "$peers_only" ]; then
		bulk a && lab_asad ra && lab_conf ra <<-CONF
			interface in0
			 nameif inside
			 security-level 100
			interface out0
			 nameif outside
			 security-level 0
		CONF
	fi
	for _ in 1 2 3; do
		bulk_once k
		[ -n "$peers_only" ] || bulk_once a
	done
fi

report
