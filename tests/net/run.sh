#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run end-to-end stories by hand: all of them, or those whose file name contains an argument.
# One line per check; the last line sums them.  `make check` runs the same files by scripts/check.sh.

cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0 skipped=0
for story in tests/net/[0-9]*.sh; do
	if [ $# -gt 0 ]; then
		want=
		for w in "$@"; do [[ $story == *"$w"* ]] && want=1; done
		[ -n "$want" ] || continue
	fi
	log=$(mktemp)
	bash "$story" </dev/null 2>&1 | tee "$log" | grep -vE '^[0-9]+ passed, '
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
	rm -f "$log"
	if [ -z "$line" ]; then
		echo "FAIL  $story: ended without its count"
		line='0 passed, 1 failed, 0 skipped'
	fi
	# shellcheck disable=SC2086
	set_line() { passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5)); }
	set_line $line
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
