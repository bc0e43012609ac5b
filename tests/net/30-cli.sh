#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# asactl against a running firewall: every show command in text and JSON, filters, exit statuses, files, the
# interactive mode on a terminal, several clients at once, noise on the socket, the exporter.
# Proves interface.md "asactl", CFG-2, CFG-4, SES-11, OBS-7.

. "$(dirname "$0")/../../scripts/lab.sh"
lab_begin "cli"
lab_need_build
lab_simple || lab_fail "topology"
if ! lab_asad fw; then
	lab_fail "firewall starts"
	lab_end
	exit 1
fi
lab_simple_conf >/dev/null
CTL=$LAB_BUILD/asactl
S=$(lab_sock fw)
lab_conf fw <<-CONF
	access-list OUT extended permit tcp any any eq www
	access-group OUT in interface outside
	object network web
	 host 10.1.1.80
	 nat (inside,outside) static 198.51.100.80
	class-map C
	 match any
	policy-map P
	 class C
	  set connection conn-max 100
	service-policy P global
CONF

# status WANTED DESCRIPTION COMMAND…
status() {
	local want=$1 what=$2 rc
	shift 2
	"$@" >"$LAB_DIR/out" 2>&1
	rc=$?
	if [ $rc -eq "$want" ]; then lab_pass "$what"; else lab_fail "$what" "status $rc, wanted $want
$(cat "$LAB_DIR/out")"; fi
}
ctl() { "$CTL" -s "$S" "$@"; }
json() { ctl --json "$@" | "$PYTHON" -m json.tool; }

# Every show command that completion offers answers in both forms.
while read -r word; do
	case $word in
	asp) command="show asp drop" ;;
	threat-detection) command="show threat-detection statistics top tcp-intercept" ;;
	ip) command="show ip address" ;;
	resource) command="show resource usage" ;;
	startup-config) ctl write memory >/dev/null && command="show startup-config" ;;
	*) command="show $word" ;;
	esac
	# shellcheck disable=SC2086
	ok "$command" ctl $command
	# shellcheck disable=SC2086
	ok "$command: JSON is one document" json $command
done < <(ctl --complete 'show ')
num "completion offers the show commands" "$(ctl --complete 'show ' | wc -l)" -ge 20
has "OBS-7: show perfmon" '^Connections +[0-9]+/s' ctl show perfmon
has "NAT-2: show xlate" '^NAT from inside:10.1.1.80 to outside:198.51.100.80$' ctl show xlate
has "NAT-2: show nat" 'translate_hits = 0, untranslate_hits = 0' ctl show nat
has "show service-policy" 'Set connection policy: conn-max 100' ctl show service-policy
has "SES-3: show interface says how the program is attached" 'XDP mode (native|generic)' ctl show interface inside
has "CFG-4: abbreviations" '^interface in0' ctl sh ru
has "CFG-4: include" '^access-group OUT' ctl show running-config '|' include access-group
has "CFG-4: count" '^2$' ctl show nameif '|' count side
has "CFG-4: filters in a row" '^1$' ctl 'show nameif | exclude Security | grep out | count'
has "CFG-4: help from a shell" '^  conn ' ctl show '?'

status 0 "status 0: done" ctl show version
status 1 "status 1: refused" ctl show conn address 10.1.1.300
status 1 "status 1: unknown command" ctl bogus
status 2 "status 2: wrong usage" "$CTL" --bogus
status 2 "status 2: -f and a command" ctl -f /dev/null show conn
status 3 "status 3: no daemon" "$CTL" -s "$LAB_DIR/none.sock" show conn
has_not "no paging and no colour into a pipe" $'\x1b|More' ctl show running-config
num "the socket's mode is 0660" "$(stat -c %a "$S")" -eq 660

# CFG-2: files. The saved configuration is the running one; replace, check, rollback.
saved() { ctl write memory >/dev/null && ctl show running-config | cmp - "$LAB_DIR/fw.startup"; }
ok "CFG-2: write memory saves the running configuration" saved
same() { ctl show running-config >"$LAB_DIR/before" && ctl configure replace "$LAB_DIR/before" && ctl show running-config | cmp - "$LAB_DIR/before"; }
ok "CFG-2: configure replace with the running configuration changes nothing" same
printf 'hostname other\n' >"$LAB_DIR/other"
status 0 "CFG-2: configure check" ctl configure check "$LAB_DIR/other"
has "CFG-2: which changes nothing" '^hostname asa' ctl show running-config hostname
relative() { (cd "$LAB_DIR" && "$CTL" -s "$S" configure replace other) && ctl show running-config hostname | grep -q other; }
ok "CFG-2: configure replace, file named from here" relative
back() { ctl configure rollback && ctl show running-config | cmp - "$LAB_DIR/before"; }
ok "CFG-2: configure rollback" back
printf 'hostname a\nbogus line\n' >"$LAB_DIR/bad"
status 1 "CFG-2: configure check of a bad file" ctl configure check "$LAB_DIR/bad"
has "CFG-1: file, line and column" 'bad:2:1:' ctl -f "$LAB_DIR/bad"
status 0 "configuration lines in an argument" ctl configure $'hostname asa\nlogging enable'
status 0 "configuration lines on standard input" ctl -f - <<<'logging buffered 6'
has "OBS-3: commands are logged" "111008: User 'root' executed" ctl show logging

# CFG-4 on a terminal.
mkdir -p "$LAB_DIR/home"
while read -r verdict what; do
	case $verdict in
	PASS) lab_pass "$what" ;;
	FAIL) lab_fail "$what" "$(grep -F -A 1 "FAIL $what" "$LAB_DIR/terminal")" ;;
	esac
done < <("$PYTHON" "$LAB_ROOT/tests/net/cli_terminal.py" "$CTL" "$S" "$LAB_DIR/home" | tee "$LAB_DIR/terminal")

# Somebody who connects and never reads, and somebody who talks nonsense, disturb nobody.
"$PYTHON" - "$S" <<-'NOISE' &
	import os, socket, struct, sys, time
	keep = []
	for i in range(30):
	    s = socket.socket(socket.AF_UNIX)
	    s.connect(sys.argv[1])
	    s.setblocking(False)
	    for k in range(40):
	        try:
	            s.send(os.urandom(500) if i % 3 == 0 else struct.pack("=IHHIIII", 0x41534143, 1, 1, 0, 12, 0, 0) + b"show metrics")
	        except OSError:
	            break
	    keep.append(s)
	time.sleep(3)
NOISE
noise=$!
sleep 1
ok "others are served meanwhile" timeout 3 "$CTL" -s "$S" show conn
wait $noise
ok "and afterwards" timeout 3 "$CTL" -s "$S" show conn

# The exporter serves show metrics.
lab_spawn exporter fw "$PYTHON" "$LAB_ROOT/scripts/asa-exporter" --socket "$S" --asactl "$CTL" --port 9786
lab_wait 5 lab_listening fw 9786
has "OBS-7: the exporter serves OpenMetrics" 'asa_drops_total\{reason="acl-drop"\} [0-9]' lab_in fw curl -sf -m 5 http://127.0.0.1:9786/metrics
lab_end
