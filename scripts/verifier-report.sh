#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# verifier-report.sh - build the XDP object with every clang that is here and print what the kernel's verifier
# makes of it.  Budget: 500,000 instructions looked at (the kernel's limit is 1,000,000); beyond it the status is 1.
# Nothing is attached or pinned.  Needs root.

set -o pipefail
cd "$(dirname "$0")/.." || exit 1
BUDGET=${BUDGET:-500000}
dir=$(mktemp -d /tmp/asa-verifier.XXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT

if [ "$(id -u)" -ne 0 ]; then
	echo "verifier-report.sh: needs root to load programs" >&2
	exit 1
fi
cc -O2 -Wall -Wextra -o "$dir/report" tests/bpf/verifier_report.c -lbpf || exit 1
objects=()
for clang in clang-14 clang-15 clang-16 clang-19; do
	command -v "$clang" >/dev/null || continue
	"$clang" -O2 -g -mcpu=v3 -target bpf -Iinclude -Ibpf "-I/usr/include/$(uname -m)-linux-gnu" \
		-c bpf/asa_xdp.bpf.c -o "$dir/$clang.o" || exit 1
	objects+=("$clang.o")
done
echo "kernel $(uname -r)"
(cd "$dir" && ./report "${objects[@]}") | tee "$dir/table" || exit 1
awk -v budget="$BUDGET" '$2 == "asa_xdp" && $5 > budget { print $1 ": over the budget of " budget; bad = 1 }
	END { exit bad }' "$dir/table"
