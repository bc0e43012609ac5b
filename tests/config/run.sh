#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - configuration in, configuration or error out.
#
#   NAME.in     a whole configuration     NAME.ok         what is printed: warnings, then the running
#                                                         configuration or the error
#   NAME.typed  lines typed one by one    NAME.typed.ok   prompts, errors, warnings
#   NAME.query  lines ending in ? or ~    NAME.query.ok   help and completion
#
# A NAME.ok that holds a configuration is also read back and must come out the same, byte for byte
# (CFG-2).  "run.sh --write" writes the .ok files of cases that have none, for review.

cd "$(dirname "$0")/../.." || exit 1
check=${CONFIG_CHECK:-build/tests/config_check}
passed=0 failed=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

[ -x "$check" ] || { echo "run.sh: $check is not built (make $check)"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL  $1"
	head -n 40 "$tmp/diff"
}

compare() { # compare NAME EXPECTED: $tmp/out against the file
	if [ ! -f "$2" ] && [ "$write" = 1 ]; then
		cp "$tmp/out" "$2"
	fi
	if diff -u "$2" "$tmp/out" >"$tmp/diff" 2>&1; then pass; else fail "$1"; fi
}

write=0
[ "${1:-}" = --write ] && write=1
for f in tests/config/*.in; do
	"$check" "$f" >"$tmp/out" 2>&1
	compare "$f" "${f%.in}.ok"
	grep -q '^: end$' "$tmp/out" || continue
	grep -vE '^(WARNING|INFO)' "$tmp/out" >"$tmp/first"
	"$check" "$tmp/first" 2>&1 | grep -vE '^(WARNING|INFO)' >"$tmp/second"
	if diff -u "$tmp/first" "$tmp/second" >"$tmp/diff"; then pass; else fail "$f: CFG-2 read back"; fi
	grep -q '^access-list .* remark' "$tmp/first" && continue # a remark may be there twice
	cat "$f" "$f" >"$tmp/twice"
	"$check" "$tmp/twice" 2>&1 | grep -vE '^(WARNING|INFO)' >"$tmp/second"
	if diff -u "$tmp/first" "$tmp/second" >"$tmp/diff"; then pass; else fail "$f: CFG-2 entered twice"; fi
done
for f in tests/config/*.typed; do
	"$check" -i "$f" >"$tmp/out" 2>&1
	compare "$f" "$f.ok"
done
for f in tests/config/*.query; do
	"$check" -q "$f" >"$tmp/out" 2>&1
	compare "$f" "$f.ok"
done

# The examples of the documents: every row of the list has its file, every such file its row.
list=tests/config/documents.txt
while IFS=';' read -r doc section what file; do
	file=${file// /}
	if [ -n "$what" ] && [ -f "tests/config/$file" ] && [ -f "tests/config/${file%.in}.ok" ]; then
		pass
	else
		: >"$tmp/diff"
		fail "$list:$doc;$section: CFG-2: no test $file"
	fi
done < <(grep -v '^#' $list)
for f in tests/config/*-doc-*.in; do
	grep -q "; ${f##*/}\$" $list && continue
	: >"$tmp/diff"
	fail "$f: CFG-2: not in $list"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
