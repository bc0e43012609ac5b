#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sum one field over all rows and CPUs of a map dump (`bpftool -j map dump`) read from standard input.

Responsible for: the two shapes of the dump, per-CPU and plain, with BTF ("formatted").
Not responsible for: running bpftool.
With a second argument only the row with that index is counted.  Prints one integer.
"""
import json
import sys


def numbers(node, field):
    """All integers under `field`, at any depth; a bare integer counts when the value has no fields."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == field and isinstance(value, int):
                yield value
            else:
                yield from numbers(value, field)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value, field)


def main():
    field = sys.argv[1]
    row = int(sys.argv[2]) if len(sys.argv) > 2 else None
    total = 0
    entries = json.load(sys.stdin)
    if not isinstance(entries, list):
        sys.exit("not a map dump")
    for entry in entries:
        entry = entry.get("formatted", entry)
        key = entry.get("key")
        if row is not None and key != row:
            continue
        for value in (entry.get("value"), entry.get("values")):
            if isinstance(value, int):
                total += value
            elif isinstance(value, list) and value and isinstance(value[0], dict) and \
                    isinstance(value[0].get("value"), int):
                total += sum(v["value"] for v in value)
            else:
                total += sum(numbers(value, field))
    print(total)


if __name__ == "__main__":
    main()
