#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lint.sh - what a reviewer should not have to say: formatting, include directions, file heads.
#
# Checks: clang-format (when installed), SPDX line, no file above 800 lines, the include directions of the
# daemon's folders (dependencies point down), libbpf/libxdp only in daemon/datapath, no left-over
# marks, and lists every DEVIATION from ASA or an RFC.  Exit status 1 when something is wrong.

set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
say() { echo "$*"; bad=1; }

mapfile -t files < <(git ls-files '*.c' '*.h')
for f in "${files[@]}"; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || say "$f: first line is not the SPDX line"
	n=$(wc -l <"$f")
	[ "$n" -le 800 ] || say "$f: $n lines (800 at most; one concern a file)"
done

# folder -> folders of the daemon it may include from (besides itself and base)
allowed() {
	case $1 in
	base) echo "" ;;
	datapath) echo "policy" ;;
	policy) echo "" ;;
	session) echo "datapath policy services engine" ;;
	normalize) echo "datapath session policy" ;;
	inspect) echo "session" ;;
	engine) echo "datapath session policy normalize inspect services" ;;
	config) echo "policy inspect" ;;
	services) echo "policy datapath session" ;;
	control) echo "config engine session policy inspect datapath services" ;;
	esac
}
for d in base datapath policy session normalize inspect engine config services control; do
	ok=" $d base $(allowed "$d") "
	while IFS=: read -r f inc; do
		to=$(sed -nE 's/.*"([a-z]+)\/[^"]+".*/\1/p' <<<"$inc")
		[ -z "$to" ] || [ "$to" = asa ] || [[ $ok == *" $to "* ]] || say "$f: $d may not include from $to"
	done < <(grep -nE '^#include "' daemon/$d/*.[ch] 2>/dev/null | sed -E 's/:[0-9]+:/:/')
done
while read -r f; do
	say "$f: libbpf and libxdp headers belong to daemon/datapath"
done < <(grep -lE '#include <(bpf/|xdp/)' daemon/*.c daemon/*/*.[ch] cli/*.[ch] 2>/dev/null | grep -v '^daemon/datapath/')
git grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.sh' ':!scripts/lint.sh' && bad=1
if command -v clang-format >/dev/null; then
	n=$(clang-format --dry-run "${files[@]}" 2>&1 | grep -c 'code should be clang-formatted')
	[ "$n" = 0 ] || echo "clang-format would change $n places (make format)"
fi
echo "Deviations from ASA or an RFC:"
git grep -nE 'DEVIATION:' -- '*.c' '*.h' | sed 's/^/  /'
[ "$bad" = 0 ] && echo "lint: clean"
exit "$bad"
