#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
gen-manual.py - make doc/asa-maps.7 and doc/asa-messages.7 from the sources they describe.

use: scripts/gen-manual.py           write both pages
     scripts/gen-manual.py --check   exit status 1 when a page in doc/ is not what would be written

Responsible for: every map, field, counter, reason and message id being in the manual, because the
page is made from the same lines that the programs are compiled from (include/asa/*.h,
bpf/maps.bpf.h, daemon/services/syslog_ids.c). Not responsible for: the other pages.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATE = "November 22, 2026"


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def esc(text):
    """Text safe in an mdoc line."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("–", "\\(en").replace("…", "...")
    if text[:1] in ".'":
        text = "\\&" + text
    return text.strip()


def prose(text):
    """Sentences, each on its own line."""
    return re.sub(r"([.;?!])  ?(?=[A-Z(<])", lambda m: m.group(1) + "\n" if m.group(1) != ";" else m.group(0), esc(text))


def quoted(text):
    """Text as one macro argument."""
    return '"' + esc(text).replace('"', "\\(dq") + '"'


def x_list(text, name):
    """Rows of an X-macro list: argument lists of strings and words."""
    body = text[text.index("#define " + name + "("):]
    body = re.split(r"\n\n|/\* clang-format on", body)[0].replace("\\\n", "\n")
    rows = []
    for m in re.finditer(r"X\((\w+),(.*?)\)\s*(?=\n|$)", body, re.S):
        args = re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', m.group(2))
        rows.append([m.group(1)] + [a or b for a, b in args])
    return rows


def structs(text):
    """name -> (comment above, [(type, field, comment)])."""
    found = {}
    for m in re.finditer(r"^struct (\w+) \{\n(.*?)\n\};", text, re.S | re.M):
        before = text[:m.start()]
        above = before[before.rindex("/*"):] if before.endswith("*/\n") else ""
        fields = []
        for line in m.group(2).split("\n"):
            f = re.match(r"\s*((?:struct |enum )?\w+)\s+(\w+(?:\[\w+\])?(?:,\s*\w+)*);\s*(?:/\*\s*(.*?)\s*(?:\*/)?)?$", line)
            if f:
                for name in f.group(2).split(","):
                    fields.append((f.group(1), name.strip(), f.group(3) or ""))
        comment = re.sub(r"\s*\n\s*\*\s?", " ", above[2:-3]).strip() if above else ""
        found[m.group(1)] = (comment, fields)
    return found


def enums(text):
    """name -> [(symbol, value, comment)] of the enums that are written out."""
    found = {}
    for m in re.finditer(r"enum (\w+) \{([^#]*?)\};", text, re.S):
        rows, value = [], 0
        for e in re.finditer(r"(\w+)(?:\s*=\s*([^,/\n}]+))?\s*(?:,|$|\n|(?=\s*\}))\s*(?:/\*\s*(.*?)\s*\*/)?", m.group(2)):
            if e.group(2):
                value = eval(e.group(2).strip(), {}, {})
            rows.append((e.group(1), value, e.group(3) or ""))
            value += 1
        found[m.group(1)] = rows
    return found


def maps(text):
    """[(name, kind, value type, entries, comment)] in order of the file."""
    rows = []
    for m in re.finditer(r"/\*((?:(?!\*/).)*)\*/\nstruct \{\n(.*?)\n\} (\w+) SEC\(\"\.maps\"\);", text, re.S):
        body = m.group(2)
        kind = re.search(r"BPF_MAP_TYPE_(\w+)", body).group(1).lower().replace("percpu_array", "per-CPU array")
        if "BPF_F_MMAPABLE" in body:
            kind += ", mmapable"
        key = re.search(r"__type\(key, ([\w ]+)\)", body)
        value = re.search(r"__type\(value, ([\w ]+)\)", body)
        size = re.search(r"max_entries, ([^)]+)\)", body).group(1)
        rows.append((m.group(3), kind, key.group(1) if key else "", value.group(1) if value else "", size,
                     re.sub(r"\s*\n\s*\*\s?", " ", m.group(1)).strip()))
    return rows


HEAD = """.\\" SPDX-License-Identifier: GPL-2.0-only
.\\" Made by scripts/gen-manual.py from the sources; do not edit.
.Dd %s
.Dt %s 7
.Os
.Sh NAME
.Nm %s
.Nd %s
"""


def numbered(out, rows, columns):
    out.append(".Bl -column " + " ".join('"%s"' % c for c in columns))
    for row in rows:
        out.append(".It " + " Ta ".join(quoted(str(c)) for c in row))
    out.append(".El")


def maps_page():
    flow, stats, drop, punt = (source("include/asa/%s.h" % n) for n in ("flow", "stats", "drop", "punt"))
    types = source("include/asa/types.h")
    version = re.search(r"ASA_CONTRACT_VERSION (\d+)", types).group(1)
    all_maps = maps(source("bpf/maps.bpf.h"))
    all_structs = {}
    limits = source("include/asa/host_limit.h").split("/* A connection to the box")[0]
    for text in (flow, stats, punt, limits):
        all_structs.update(structs(text))
    all_enums = enums(flow)
    out = [HEAD.rstrip() % (DATE, "ASA-MAPS", "asa-maps", "pinned BPF maps of the asad firewall")]
    out.append(""".Sh DESCRIPTION
.Xr asad 8
pins the maps of its XDP program below the directory given with
.Fl p ,
by default
.Pa /sys/fs/bpf/asa ;
.Xr ip-link 8
pins them below
.Pa /sys/fs/bpf/xdp/globals .
Their names, the names of their fields and the values of their enumerations are a stable interface.
They carry BTF, so that
.Dl bpftool map dump pinned /sys/fs/bpf/asa/asa_stats
prints field names.
.Pp
This page describes contract version """ + version + """, the value of the field
.Va version
in the map
.Va asa_config .
.Pp
Rows of per-CPU maps have one value for each CPU; the value of a counter is their sum.
Counters only grow, but for
.Ql clear asp drop .
Times are ticks: nanoseconds of
.Dv CLOCK_MONOTONIC
shifted right by 20 bits, in 32 bits.
Addresses are 16 bytes in wire order, IPv4 as ::ffff:a.b.c.d; ports are in wire order.
.Sh MAPS""")
    out.append(".Bl -tag -width asa_nexthops")
    for name, kind, key, value, size, comment in all_maps:
        out.append(".It Va " + name)
        out.append(esc("%s%s; %s rows." % (kind[0].upper() + kind[1:], " of " + value if value else "", size)))
        out.append(prose(comment))
    out.append(".El")

    def enum_rows(title, intro, rows):
        out.append(".Sh " + title)
        out.append(intro)
        numbered(out, rows, ("00", "DROP_RESOURCE_NO_DAEMON", "inspect-icmp-error-no-existing-conn"))

    def listed(text, macro, first):
        return [(i + first, row[0], row[1]) for i, row in enumerate(x_list(text, macro))]

    enum_rows("ROWS OF ASA_STATS", "Row, symbol of\n.Vt enum asa_stat ,\nkeyword.", listed(stats, "ASA_STAT_LIST", 0))
    out.append("Meanings:")
    out.append(".Bl -tag -width syncookie-sent")
    for row in x_list(stats, "ASA_STAT_LIST"):
        out += [".It " + quoted(row[1]), esc(row[2]) + "."]
    out.append(".El")
    enum_rows("ROWS OF ASA_DROPS", "Row, symbol of\n.Vt enum asa_drop ,\nkeyword.\nRow 0 is not used.",
              listed(drop, "ASA_DROP_LIST", 1))
    out.append("Meanings, with kind (of a frame or of a flow) and stage:")
    out.append(".Bl -tag -width Ds")
    for row in x_list(drop, "ASA_DROP_LIST"):
        out += [".It " + quoted(row[1]), esc("%s (%s, %s)." % (row[4], row[2].lower(), row[3]))]
    out.append(".El")
    enum_rows("ROWS OF ASA_PUNTS", "Row, symbol of\n.Vt enum asa_punt ,\nkeyword.\nRow 0 is not used.",
              listed(punt, "ASA_PUNT_LIST", 1))
    out.append("Meanings:")
    out.append(".Bl -tag -width ip-option")
    for row in x_list(punt, "ASA_PUNT_LIST"):
        out += [".It " + quoted(row[1]), esc(row[2]) + "."]
    out.append(".El")
    out.append(".Sh STRUCTURES")
    for name, (comment, fields) in all_structs.items():
        out.append(".Ss struct " + name)
        if comment:
            out.append(prose(comment))
        out.append(".Bl -column \"struct asa_addr\" \"rerouted_gen[2]\" \"comment\"")
        for kind, field, text in fields:
            out.append(".It " + " Ta ".join(quoted(c) for c in (kind, field, text or "\\&".replace("\\", ""))).replace('"&"', '"\\&"'))
        out.append(".El")
    out.append(".Sh ENUMERATIONS")
    for name, rows in all_enums.items():
        out.append(".Ss enum " + name)
        numbered(out, [(v, s, c or " ") for s, v, c in rows], ("00000", "ASA_SESSION_QUARANTINE", "comment"))
    out.append(""".Sh EXAMPLES
Drops by reason, summed over CPUs:
.Bd -literal -offset indent
bpftool -j map dump pinned /sys/fs/bpf/asa/asa_drops |
    jq '.[] | [.formatted.key, ([.formatted.values[].value.packets] | add)]'
.Ed
.Sh SEE ALSO
.Xr asactl 8 ,
.Xr asad 8 ,
.Xr bpftool 8""")
    return "\n".join(out) + "\n"


LEVELS = ("emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging")


def messages_page():
    text = source("daemon/services/syslog_ids.c")
    defines = dict(re.findall(r'#define (\w+) "(.*)"', text))
    out = [HEAD.rstrip() % (DATE, "ASA-MESSAGES", "asa-messages", "syslog messages of the asad firewall")]
    out.append(""".Sh DESCRIPTION
.Xr asad 8
reports what happens to connections in messages of the form
.Dl %ASA-severity-id: text
to the destinations that the
.Ic logging
commands of
.Xr asa-config 5
name: syslog servers over UDP or TCP, a local buffer
.Pq Ic show logging ,
the console, and terminals with
.Ic terminal monitor .
.Pp
At a server a message begins with
.Ql <PRI> ,
PRI being facility times 8 plus severity; the default facility 20 gives 160 plus severity.
With
.Ic logging timestamp
the time follows as
.Ql Mmm dd yyyy hh:mm:ss ,
with
.Ic logging device-id
a name and
.Ql \\ : .
Over TCP every message ends with a newline.
.Pp
The severity of a message can be changed
.Pq Ic logging message ID level LEVEL
and a message can be turned off
.Pq Ic no logging message ID .
Messages that a destination could not take are counted
.Pq Ql Lost in Ic show logging ;
packets never wait for a message.
.Pp
Built and teardown messages print the end of lower security first and the other end second:
the initiator of an
.Ql outbound
connection is the second one.
.Sh MESSAGES
The list has all ids whose severity the firewall knows.
Those of features that a release does not have do not occur.
.Bl -tag -width Ds""")
    for m in re.finditer(r"\{\s*(\d+),\s*(\d),\s*((?:\"(?:[^\"\\]|\\.)*\"|\w+|\s)+?)\s*\}", text):
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', m.group(3))
        form = "".join(a.replace('\\"', '"') if not b else defines[b] for a, b in parts)
        out += [".It %s, severity %s (%s)" % (m.group(1), m.group(2), LEVELS[int(m.group(2))]), prose(form)]
    out.append(""".El
.Sh SEE ALSO
.Xr asa-config 5 ,
.Xr asactl 8 ,
.Xr asad 8""")
    return "\n".join(out) + "\n"


def main():
    bad = 0
    for path, text in (("doc/asa-maps.7", maps_page()), ("doc/asa-messages.7", messages_page())):
        if "--check" in sys.argv[1:]:
            if not os.path.exists(os.path.join(ROOT, path)) or source(path) != text:
                print("%s is older than its sources: run scripts/gen-manual.py" % path)
                bad = 1
        else:
            with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
                f.write(text)
    return bad


if __name__ == "__main__":
    sys.exit(main())
