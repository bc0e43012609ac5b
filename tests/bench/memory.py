#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Memory per connection, from `bpftool -j map show` objects on standard input.

Arguments: connections in use, the daemon's anonymous memory before and after they were made (bytes).
gross: all pinned maps and all anonymous memory of the daemon, over the connections the table can hold (empty
slots are paid for by the rest).  net: the maps with one row per connection, over the same number, and what the
daemon grew by per connection made.
"""
import json
import sys


def documents(text):
    """The input is one JSON document after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        doc, at = decoder.raw_decode(text, at)
        yield from doc if isinstance(doc, list) else [doc]


def main():
    used, before, after = (int(a) for a in sys.argv[1:4])
    maps = [d for d in documents(sys.stdin.read()) if "bytes_memlock" in d]
    total = sum(m["bytes_memlock"] for m in maps)
    rows = next((m["max_entries"] for m in maps if m.get("name") == "asa_conns"), 0)
    if not rows:
        print("note dut=fw memory: no asa_conns map found")
        return
    per_conn = sum(m["bytes_memlock"] for m in maps if m["name"] in ("asa_conns", "asa_index", "asa_sessions"))
    grown = max(after - before, 0) / used if used else 0
    print("memory dut=fw capacity=%d used=%d maps=%d anon=%d gross=%.1f net=%.1f" %
          (rows, used, total, after, (total + after) / rows, per_conn / rows + grown))


if __name__ == "__main__":
    main()
