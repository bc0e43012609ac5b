#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The XDP program in the hands of iproute2: loaded by `ip link` before a daemon runs and adopted by it, attached
# from the pin of a running daemon, detached; another program in the way; native and generic mode.
# Proves SES-3, interface.md "With ip link", lessons "one XDP program per device".

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "ip link"
lab_need_build
lab_simple || lab_fail "topology"
lab_nginx web srv 80 && echo hello >"$LAB_DIR/web.www/x"
OBJ=$LAB_BUILD/asa_xdp.bpf.o
get() { lab_in cli curl -sf -m 4 http://198.51.100.10/x; }

# The place of the maps is fixed by iproute2 and shared by the machine: only if nobody uses it.
GLOBALS=$LAB_BPFFS/xdp/globals
if [ -e "$GLOBALS/asa_conns" ]; then
	lab_skip "SES-3: ip link set … xdp obj" "$GLOBALS is in use by another firewall"
else
	trap 'rm -f "$GLOBALS"/asa_* "$GLOBALS"/prog* 2>/dev/null; lab_clean' EXIT
	ok "SES-3: ip link set dev in0 xdp obj … sec xdp" lab_in fw ip link set dev in0 xdp obj "$OBJ" sec xdp
	ok "SES-3: and out0, on the same maps" lab_in fw ip link set dev out0 xdp obj "$OBJ" sec xdp
	ok "maps are pinned below xdp/globals" test -e "$GLOBALS/asa_conns"
	ids() { lab_in fw ip -d -j link show "$1" | "$PYTHON" -c 'import json,sys; print(json.load(sys.stdin)[0]["xdp"]["prog"]["id"])'; }
	idin=$(ids in0)
	map_ids() { bpftool -j prog show id "$1" | "$PYTHON" -c 'import json,sys; print(*sorted(json.load(sys.stdin)["map_ids"]))'; }
	if [ "$(map_ids "$idin" | tr ' ' '\n' | grep -cx "$(bpftool -j map show pinned "$GLOBALS/asa_conns" | "$PYTHON" -c 'import json,sys; print(json.load(sys.stdin)["id"])')")" = 1 ]; then
		lab_pass "the attached program uses the pinned asa_conns"
	else
		lab_fail "the attached program uses the pinned asa_conns"
	fi
	# Linux would forward: what is not let through is refused by the program.
	lab_in fw sysctl -qw net.ipv4.ip_forward=1
	not_ok "with no daemon nothing new is let through (fail mode closed)" get
	ok "the drop is counted" sh -c "test \$(bpftool -j map dump pinned $GLOBALS/asa_drops | $PYTHON $LAB_ROOT/tests/net/mapsum.py packets) -gt 0"
	ok "SES-4: the box itself is still reached" lab_in cli ping -c1 -W2 10.1.1.1

	lab_in fw sysctl -qw net.ipv4.ip_forward=0
	: >"$LAB_DIR/fw.startup"
	lab_spawn asad-fw fw "$LAB_BUILD/asad" -F -c "$LAB_DIR/fw.startup" -s "$(lab_sock fw)" -p "$GLOBALS" -o "$OBJ"
	ok "SES-3: a daemon on xdp/globals starts" lab_asad_ready fw
	ok "interfaces are named" lab_simple_conf
	ok "SES-3: traffic passes" get
	num "SES-3: the adopted program was not exchanged behind the back of ip link, or by one of the same maps" \
		"$(map_ids "$(ids in0)" | wc -w)" -gt 0
	has "SES-3: show interface says which mode" '([Nn]ative|driver)' lab_asa fw show interface
	# Attached over the same maps while the daemon runs, when it may not look into programs any more.
	lab_ns late && lab_veth late eth0 fw in1 || lab_fail "a third interface"
	lab_addr late eth0 10.3.3.10/24
	lab_addr fw in1 10.3.3.1/24
	lab_route late default via 10.3.3.1
	ok "SES-3: ip link set … xdp obj while the daemon runs" lab_in fw ip link set dev in1 xdp obj "$OBJ" sec xdp
	lab_asa fw configure 'interface in1
 nameif late
 security-level 90' >"$LAB_DIR/late" 2>&1
	has "SES-3: it is reported, not replaced blindly" 'in1.*taken over with the first frame' cat "$LAB_DIR/late" "$LAB_DIR/asad-fw.log"
	lab_in late ping -c 3 -i 0.3 -W 1 10.3.3.1 >/dev/null
	ok "SES-3: it counts in our maps: adopted" lab_wait 4 grep -q 'in1: XDP program .* counts in our maps: replaced' "$LAB_DIR/asad-fw.log"
	ok "SES-3: traffic passes there" lab_wait 3 lab_in late curl -sf -m 2 http://198.51.100.10/x
	lab_stop asad-fw TERM
	lab_in fw ip link set dev in0 xdp off
	lab_in fw ip link set dev out0 xdp off
	lab_in fw ip link set dev in1 xdp off
	rm -f "$GLOBALS"/asa_* "$GLOBALS"/prog*
fi

# From a running daemon's pin.
ok "a daemon on its own maps" lab_asad fw
lab_simple_conf >/dev/null
ok "traffic passes" get
ok "the program is pinned" test -e "$(lab_pins fw)/prog"
ok "SES-3: ip link set … xdp off" lab_in fw ip link set dev in0 xdp off
has_not "SES-3: it is off" 'prog/xdp' lab_ip fw link show in0
ok "SES-3: ip link set … xdp pinned PINDIR/prog" lab_in fw ip link set dev in0 xdp pinned "$(lab_pins fw)/prog"
has "SES-3: it is on" 'prog/xdp' lab_ip fw link show in0
ok "SES-3: traffic passes again" lab_wait 5 get
has "show interface: native" '([Nn]ative|driver)' lab_asa fw show interface
lab_stop asad-fw TERM
lab_in fw ip link set dev in0 xdp off
lab_in fw ip link set dev out0 xdp off
rm -rf "$(lab_pins fw)"

# A foreign program on the interface.
cat >"$LAB_DIR/pass.c" <<'C'
__attribute__((section("xdp"), used)) int foreign(void *ctx) { (void)ctx; return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
C
clang -O2 -target bpf -c "$LAB_DIR/pass.c" -o "$LAB_DIR/pass.o"
ok "another program on in0" lab_in fw ip link set dev in0 xdp obj "$LAB_DIR/pass.o" sec xdp
id=$(lab_in fw ip -d link show in0 | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p')
if lab_asad fw 2>/dev/null; then
	lab_simple_conf >"$LAB_DIR/said" 2>&1
else
	: >"$LAB_DIR/said"
fi
sleep 0.5
has "a foreign XDP program is named, not replaced in silence" "(in0.*(another|other|already|foreign|busy).*|(another|other|foreign).*in0.*)" \
	cat "$LAB_DIR/asad-fw.log" "$LAB_DIR/said"
has "and is still there" "id $id " lab_in fw ip -d link show in0
lab_in fw ip link set dev in0 xdp off
lab_end
