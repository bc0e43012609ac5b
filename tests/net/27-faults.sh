#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a newcomer does wrong: each gets one sentence that says what and what to do, a status, and nothing is lost.
# Proves interface.md (options, exit status), CFG-1, CFG-3, "bad input and faults".

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "faults"
lab_need_build
lab_simple || lab_fail "topology"
asad() { lab_in fw timeout 10 "$LAB_BUILD/asad" -F "$@"; }
D=$LAB_DIR
: >"$D/empty"
common=(-c "$D/empty" -s "$(lab_sock fw)" -p "$(lab_pins fw)" -o "$LAB_BUILD/asa_xdp.bpf.o")

# status WANTED DESCRIPTION REGEX COMMAND…
status() {
	local want=$1 what=$2 re=$3 out rc
	shift 3
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq "$want" ] && grep -Eqi -- "$re" <<<"$out" && [ "$(wc -l <<<"$out")" -le 25 ]; then
		lab_pass "$what"
	else
		lab_fail "$what" "status $rc (wanted $want), expected /$re/
$out"
	fi
}
bad() { # bad DESCRIPTION REGEX COMMAND…: any status but 0 and the ones of signals and timeout
	local what=$1 re=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -gt 0 ] && [ $rc -lt 124 ] && grep -Eqi -- "$re" <<<"$out"; then
		lab_pass "$what"
	else
		lab_fail "$what" "status $rc, expected failure with /$re/
$out"
	fi
}

ok "asad --version" "$LAB_BUILD/asad" --version
ok "asad --help" "$LAB_BUILD/asad" --help
ok "asactl --help" "$LAB_BUILD/asactl" --help
status 2 "asad: unknown option" 'option|usage' "$LAB_BUILD/asad" --nonsense
status 2 "asactl: unknown option" 'option|usage' "$LAB_BUILD/asactl" --nonsense
status 3 "asactl: no daemon" 'daemon|connect|running' "$LAB_BUILD/asactl" -s "$D/nobody.sock" show version
lab_in fw timeout 1 "$LAB_BUILD/asad" -F "${common[@]}" -c "$D/missing.conf" >"$D/missing.log" 2>&1
has "asad: a start-up configuration that does not exist is named, and the start is an empty one" 'missing\.conf' cat "$D/missing.log"
rm -rf "$(lab_pins fw)"
bad "asad: object that does not exist" 'missing\.o' asad "${common[@]}" -o "$D/missing.o"
printf 'not an object' >"$D/bad.o"
bad "asad: object that is none" 'bad\.o' asad "${common[@]}" -o "$D/bad.o"
bad "asad: pin directory that is no bpffs" 'bpf' asad "${common[@]}" -p "$D/pins"
bad "asad: socket path too long" 'socket|path|long' asad "${common[@]}" -s "$D/$(printf 'x%.0s' {1..200})"
bad "asad: socket in a directory that cannot be" 'empty/dir' asad "${common[@]}" -s "$D/empty/dir/s"
if id nobody >/dev/null 2>&1 && command -v setpriv >/dev/null; then
	cp "$LAB_BUILD/asad" "$LAB_BUILD/asa_xdp.bpf.o" "$D/" && chmod 755 "$D/asad"
	bad "asad: no privilege" 'privilege|permission|permitted|CAP_|root' \
		lab_in fw setpriv --reuid nobody --regid nogroup --clear-groups "$D/asad" -F -c "$D/empty" -s "/tmp/$LAB_TAG.sock" \
		-p "$(lab_pins fw)" -o "$D/asa_xdp.bpf.o"
else
	lab_skip "asad: no privilege" "no user nobody or no setpriv"
fi

# --check
cat >"$D/good.conf" <<'CONF'
interface in0
 nameif inside
 security-level 100
CONF
printf 'interface in0\n nameif inside\n security-level 101\n' >"$D/bad.conf"
ok "asad --check: good configuration" "$LAB_BUILD/asad" --check -c "$D/good.conf"
bad "asad --check: bad configuration, with file and line" 'bad\.conf.*3|line 3' "$LAB_BUILD/asad" --check -c "$D/bad.conf"

ok "firewall starts" lab_asad fw
bad "asad: control socket in use" 'in use|running|already' asad "${common[@]}"
bad "asad: pins in use by another daemon" 'in use|running|already|another' asad "${common[@]}" -s "$D/other.sock"
ok "the first daemon goes on" lab_asa fw show version

# Configuration errors change nothing (CFG-1, CFG-3).
lab_asa fw configure 'interface in0
policy-map p' >/dev/null
before=$(lab_asa fw show running-config)
status 1 "CFG-3: unknown command, caret" '\^' lab_asa fw configure 'acess-list x permit ip any any'
status 1 "CFG-3: bad address" 'invalid|error' lab_asa fw configure 'access-list x extended permit ip host 10.1.1.300 any'
status 1 "CFG-3: number out of range" 'error|invalid' lab_asa fw configure 'interface in0
 security-level 101'
status 1 "CFG-3: class of no class map" 'error|not|unknown' lab_asa fw configure 'policy-map p
 class nosuch'
status 1 "CFG-3: service-policy of no policy map" 'error|not|unknown' lab_asa fw configure 'service-policy nosuch global'
status 1 "CFG-3: access-group of no interface" 'error|not|unknown' lab_asa fw configure 'access-group x in interface nosuch'
status 1 "CFG-3: a very long line" 'error|long|invalid' lab_asa fw configure "access-list $(printf 'x%.0s' {1..5000}) extended permit ip any any"
printf 'hostname a\nnonsense here\nhostname b\n' >"$D/three.conf"
status 1 "CFG-1: -f stops at the first bad line, with file, line and column" 'three\.conf:2' lab_asa fw -f "$D/three.conf"
has "CFG-1: lines before it are applied" '^hostname a$' lab_asa fw show running-config
has_not "CFG-1: lines after it are not" '^hostname b' lab_asa fw show running-config
lab_asa fw configure 'no hostname' >/dev/null 2>&1
status 1 "CFG-1: --all-or-nothing rolls back" 'three\.conf:2' lab_asa fw --all-or-nothing -f "$D/three.conf"
has_not "CFG-1: and nothing of it is there" '^hostname a$' lab_asa fw show running-config
if [ "$(lab_asa fw show running-config | grep -v '^hostname')" = "$(grep -v '^hostname' <<<"$before")" ]; then
	lab_pass "CFG-3: the running configuration is unchanged by all refused lines"
else
	lab_fail "CFG-3: the running configuration is unchanged by all refused lines" "$(diff <(echo "$before") <(lab_asa fw show running-config))"
fi

# An interface that does not exist yet: accepted with a note, used when it comes.
lab_asa fw configure 'interface later0
 nameif later
 security-level 50' >"$D/later" 2>&1
ok "an interface that is not there does not stop the daemon" lab_asa fw show interface
lab_ns extra && lab_veth extra eth0 fw later0
lab_addr fw later0 192.0.2.1/24
used() { lab_ip fw link show later0 | grep -q xdp; }
ok "and is used when it appears" lab_wait 8 used

# Hostile clients of the control socket.
sock=$(lab_sock fw)
head -c 100000 /dev/urandom | timeout 3 nc -U -N "$sock" >/dev/null 2>&1
"$PYTHON" - "$sock" <<'PY'
import socket, sys, struct
for data in (b"", b"\0", b"\xff" * 64, struct.pack("<I", 0xffffffff) + b"x", b"show conn\n" * 3000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(sys.argv[1])
    s.settimeout(1)
    try:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        s.recv(100)
    except OSError:
        pass
    s.close()
PY
ok "the daemon lives after noise on its control socket" lab_asa fw show version

# Maps of another version.
lab_stop asad-fw TERM
hex=$(bpftool -j map dump pinned "$(lab_pins fw)/asa_config" | "$PYTHON" -c '
import json, sys
v = json.load(sys.stdin)[0]["value"]
v[0] = "0x%02x" % ((int(v[0], 16) + 1) & 255)
print(*[x[2:] for x in v])' 2>/dev/null)
if [ -n "$hex" ]; then
	# shellcheck disable=SC2086
	bpftool map update pinned "$(lab_pins fw)/asa_config" key hex 00 00 00 00 value hex $hex
	bad "asad: pinned maps of another version: says so, offers the choice" 'version' asad "${common[@]}"
	ok "and leaves them in place" test -e "$(lab_pins fw)/asa_conns"
else
	lab_fail "the version of the maps can be read"
fi
lab_end
