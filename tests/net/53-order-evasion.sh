#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an inspector is shown against what a real stack gives to its application, byte by byte: the firewall writes down what it
# shows of each connection (asad --stream-log), the server what it read. Overlaps, TTL, checksums, urgent data, data in the SYN,
# windows, early and late FINs, sent by hand; then the TCP of the shared corpus (tests/net/replay.py). Once with
# check-retransmission, where other copies of a byte are dropped, and once without, where they become the first one.
# Proves NRM-33, NRM-15, NRM-4.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "evasion"
lab_need_build
topology() {
	lab_simple || return 1
	# A router between firewall and server: where a short TTL ends.
	lab_ns hop && lab_veth hop h0 srv eth1 || return 1
	lab_ip srv addr flush dev eth0
	lab_ip srv link set eth0 netns "$LAB_TAG-hop" || return 1
	lab_in hop ethtool -K eth0 tx off tso off gso off gro on >/dev/null 2>&1
	lab_ip hop link set eth0 up
	lab_addr hop eth0 198.51.100.2/24
	lab_addr hop h0 203.0.113.1/24
	lab_addr srv eth1 203.0.113.10/24
	lab_in hop sysctl -qw net.ipv4.ip_forward=1
	lab_route hop 10.1.1.0/24 via 198.51.100.1
	lab_route srv default via 203.0.113.1
	lab_route fw 203.0.113.0/24 via 198.51.100.2
	lab_ghost fw in0 10.1.1.66 cli eth0
}
topology || lab_fail "topology"
lab_asad fw --stream-log "$LAB_DIR/streams" || lab_fail "firewall starts"
lab_simple_conf >/dev/null
conf() {
	lab_conf fw <<-'CONF'
		tcp-map strict
		 queue-limit 20
		 check-retransmission
		tcp-map ordered
		 queue-limit 20
		class-map strict
		 match port tcp eq 80
		class-map ordered
		 match port tcp eq 81
		policy-map P
		 class strict
		  set connection random-sequence-number disable
		  set connection advanced-options strict
		 class ordered
		  set connection random-sequence-number disable
		  set connection advanced-options ordered
		service-policy P interface inside
	CONF
}
ok "classes with check-retransmission, with queue-limit" conf
lab_spawn server srv "$PYTHON" "$LAB_ROOT/tests/net/evasion.py" server "$LAB_DIR" 80 81
lab_wait 5 lab_listening srv 81 || lab_fail "server listens"
lab_wait 5 lab_in srv ping -c1 -W1 198.51.100.1 || lab_fail "server and firewall see each other"

MAC=$(lab_mac fw in0)
client() { # client SCRIPT DPORT [ARGUMENT…]
	local script=$1 dport=$2

	shift 2
	lab_in cli "$PYTHON" "$LAB_ROOT/tests/net/$script" eth0 10.1.1.66 203.0.113.10 "$dport" "$MAC" "$@"
}
for dport in 80 81; do
	client evasion.py $dport | sed "s/^/$dport /"
done >"$LAB_DIR/cases"
mapfile -t captures < <(find "${ASA_CORPUS:-$LAB_ROOT/../shared/corpus}"/{tcp-normalizer,malformed} -type f 2>/dev/null | sort)
if [ ${#captures[@]} -gt 0 ]; then
	client replay.py 80,81 10001 "${captures[@]}" >"$LAB_DIR/replayed"
else
	lab_skip "NRM-33: the captures of the shared corpus" "there are none at ASA_CORPUS or ../shared/corpus"
fi
ok "NRM-33: each byte was shown once and in order" "$PYTHON" "$LAB_ROOT/tests/net/evasion.py" streams "$LAB_DIR/streams" "$LAB_DIR"

n=0
while read -r dport port name; do
	n=$((n + 1))
	read_=$(cat "$LAB_DIR/srv.$dport.$port" 2>/dev/null)
	seen=$(cat "$LAB_DIR/log.$dport.$port" 2>/dev/null)
	if [ -n "$seen" ] && cmp -s "$LAB_DIR/srv.$dport.$port" "$LAB_DIR/log.$dport.$port"; then
		lab_pass "NRM-33: port $dport: $name: the application read what was shown ($seen)"
	elif [[ $name == short* ]] && [[ $seen == "$read_"* ]]; then
		# What died on the way never arrives, in no version; nothing else may take its place.
		lab_pass "NRM-33: port $dport: $name: the application got no other version ($read_ of $seen)"
	else
		lab_fail "NRM-33: port $dport: $name" "the application read \"$read_\", shown was \"$seen\""
	fi
	[[ $read_ == *EV* || $read_ == *EVIL* || $read_ == *REAL* || ($dport == 80 && $read_ == *XX*) ]] &&
		lab_fail "NRM-33: port $dport: $name: bytes that came second" "$read_"
done <"$LAB_DIR/cases"
num "all cases were compared" "$n" -ge 58
num "NRM-15: other bytes were found out" "$(lab_drops fw tcp-dup-data-mismatch)" -ge 6
num "NRM-33: bad checksums were found out" "$(lab_drops fw bad-tcp-cksum)" -ge 4

bytes=0 n=0
while read -r dport port name; do
	read_=$LAB_DIR/srv.$dport.$port seen=$LAB_DIR/log.$dport.$port
	: >>"$read_"
	: >>"$seen"
	n=$((n + 1)) bytes=$((bytes + $(stat -c %s "$seen")))
	cmp -s "$read_" "$seen" || echo "$dport $name: read $(stat -c %s "$read_") of $(stat -c %s "$seen"), $(cmp "$read_" "$seen" 2>&1)"
done <"$LAB_DIR/replayed" >"$LAB_DIR/differ"
echo "      $n streams of ${#captures[@]} captures, $bytes bytes"
[ ${#captures[@]} -eq 0 ] || {
	ok "NRM-33: streams of the corpus: the application read what was shown" sh -c "cat '$LAB_DIR/differ'; ! test -s '$LAB_DIR/differ'"
	num "NRM-33: bytes of the corpus that were compared" "$bytes" -ge 100000
}
ok "the firewall is still there" lab_alive asad-fw
lab_end
