#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh - fails if a drop reason, a punt cause or a requirement of this release has no test.
#
# A drop reason counts as tested when a file below tests/ uses its symbol or its quoted keyword, a
# punt cause likewise, a requirement id when a file below tests/ names it.  The list of ids
# stands here, so that the tree can be checked alone.

set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

check() { # check KIND NAME PATTERN…
	local kind=$1 name=$2
	shift 2
	local p
	for p in "$@"; do
		if grep -rqE --include='*.c' --include='*.h' --include='*.sh' --include='*.py' --include='*.in' -- "$p" tests; then
			passed=$((passed + 1))
			return
		fi
	done
	echo "no test names the $kind $name"
	failed=$((failed + 1))
}

while read -r sym kw; do
	check "drop reason" "$kw" "\\b$sym\\b" "[\"' (]$kw[\"' )]"
done < <(sed -nE 's/^\tX\(((DROP|FLOW)_[A-Z0-9_]+),[[:space:]]*"([^"]+)".*/\1 \3/p' include/asa/drop.h)
while read -r sym kw; do
	check "punt cause" "$kw" "\\b$sym\\b"
done < <(sed -nE 's/^\tX\((PUNT_[A-Z0-9_]+),[[:space:]]*"([^"]+)".*/\1 \2/p' include/asa/punt.h)

ids() { local f=$1 i; for i in $2; do echo "$f-$i"; done; }
# BYP-10 waits for failover.
for id in $(ids BYP "1 2 3 4 5 6 7 8 9 11 12 13 14 15 16 17") $(ids SES "1 2 3 4 5 10 11 12 13 14 15 16 17") $(ids OBS "1 2 3") \
	$(ids ACL "1 2 3 4 5") $(ids NAT "1 2 3 4 5 6") $(ids CFG "1 2 3 4") \
	$(ids LIM "$(seq -s ' ' 10)") $(ids TMO "$(seq -s ' ' 8)") $(ids DCD "$(seq -s ' ' 7)") $(ids SEQ "$(seq -s ' ' 6)") \
	$(ids INT "$(seq -s ' ' 9)") $(ids GTO "$(seq -s ' ' 22)") \
	$(ids NRM "1 2 3 4 10 11 12 13 14 15 16 17 18 19 20 21 22 23 30 31 32 33 34"); do
	check requirement "$id" "\\b$id\\b"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
