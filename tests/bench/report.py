#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table of `make bench`: ratios of one run, from the result lines of asa-bench.

Responsible for: ratios of medians, the firewall's own nanoseconds (packet time minus generator and sink), floors.
Not responsible for: measuring.
With --gate the status is 1 when a floor is missed or could not be judged; without, always 0.
"""
import sys
from collections import defaultdict
from statistics import median

FLOOR_K1 = 3.5
FLOOR_C0 = 0.75      # at 1 and 1,000 flows: beyond, the cache decides and C0 touches no table
FLOOR_NAT = 0.95
FLOOR_MEMORY = 512
FLOOR_SYN_PROXY = 5.0    # against nftables synproxy
FLOOR_SYN_TX = 0.6       # against a bare XDP_TX
FLOOR_SYN_AMONG = 0.9    # known connections of another class among the SYNs
CEILING_SYN_CPU = 0.05   # of the daemon
FLOOR_RANDOM = 0.97
FLOOR_CHECKS = 0.97  # all default checks of TCP against none
C0_FLOWS = 1000

misses = []


def fields(line):
    return dict(part.split("=", 1) for part in line.split() if "=" in part)


def gate(what, value, floor, most=False):
    """A mark for the table; remembers what was missed."""
    if value is None:
        misses.append("%s: not measured" % what)
        return ""
    good = value <= floor if most else value >= floor
    if not good:
        misses.append("%s: %.2f, floor %.2f" % (what, value, floor))
    return "" if good else " !"


def ratio(a, b):
    return a / b if a and b else None


def show(value, form="%.2f"):
    return "-" if value is None else form % value


def established(results):
    if not results:
        return
    print("\nEstablished connections, million frames a second at the sink (median), 60-byte IPv4 or 80-byte IPv6")
    print("frames; own ns is packet time minus generator and sink.  ! marks a missed floor.\n")
    head = ("proto", "flows", "gen+sink", "C0", "C1", "K0", "K1", "fw", "fw+NAT", "fw/K1", "fw/C0", "NAT/fw",
            "own ns", "C0 ns", "K1 ns", "C1/K1", "punts")
    rows = [head]
    groups = defaultdict(dict)
    for r in results:
        groups[(r["proto"], r["af"], int(r["flows"]))][r["dut"]] = r
    for (proto, af, flows), duts in groups.items():
        rate = {d: float(r["median"]) for d, r in duts.items()}
        ns = {d: 1000 / v for d, v in rate.items() if v}
        own = {d: ns[d] - ns["gensink"] for d in ns if "gensink" in ns}
        label = "%s%s" % (proto, "/v6" if af == "6" else "")
        what = "%s, %d flows" % (label, flows)
        fw_k1, fw_c0 = ratio(rate.get("fw"), rate.get("k1")), ratio(rate.get("fw"), rate.get("c0"))
        nat_fw = ratio(rate.get("nat"), rate.get("fw"))
        marks = ["", "", ""]
        punts = "-"
        if have_fw:
            marks[0] = gate("fw/K1 " + what, fw_k1, FLOOR_K1)
            if flows <= C0_FLOWS:
                marks[1] = gate("fw/C0 " + what, fw_c0, FLOOR_C0)
            if proto != "bypass" and af == "4":
                marks[2] = gate("NAT/fw " + what, nat_fw, FLOOR_NAT)
            if "fw" in duts:
                n = sum(int(duts[d]["punts"]) for d in ("fw", "nat") if d in duts)
                punts = "%d%s" % (n, gate("punts " + what, float(n), 0, most=True))
        rows.append((label, "%d" % flows) +
                    tuple(show(rate.get(d)) for d in ("gensink", "c0", "c1", "k0", "k1", "fw", "nat")) +
                    (show(fw_k1) + marks[0], show(fw_c0) + marks[1], show(nat_fw) + marks[2]) +
                    tuple(show(own.get(d), "%.0f") for d in ("fw", "c0", "k1")) +
                    (show(ratio(rate.get("c1"), rate.get("k1"))), punts))
        for dut, r in duts.items():
            if int(r["bad"]):
                misses.append("%s %s: %s of %s sampled frames are wrong" % (dut, what, r["bad"], r["samples"]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  " + "  ".join(cell.rjust(w) for cell, w in zip(row, widths)))


def randomized(lines):
    if not lines:
        return
    print("\nEstablished TCP with and without sequence-number randomization, million frames a second (median)\n")
    rate = defaultdict(dict)
    for r in lines:
        rate[int(r["flows"])][r["dut"]] = float(r["median"])
        if int(r["bad"]):
            misses.append("%s, randomization: %s of %s sampled frames are wrong" % (r["dut"], r["bad"], r["samples"]))
    for flows, duts in rate.items():
        value = ratio(duts.get("fw"), duts.get("plain"))
        mark = gate("randomized/not, %d flows" % flows, value, FLOOR_RANDOM)
        print("  %7d flows   on %s   off %s   ratio %s%s" % (flows, show(duts.get("fw")), show(duts.get("plain")),
                                                           show(value), mark))
    print("\nThe same segments with all default checks and with TCP state bypass\n")
    for flows, duts in rate.items():
        if "bypass" not in duts:
            continue
        checks, all_on = (ratio(duts.get(d), duts["bypass"]) for d in ("plain", "fw"))
        mark = gate("default checks/bypass, %d flows" % flows, all_on, FLOOR_CHECKS)
        print("  %7d flows   bypass %s   default/bypass %s%s   without randomization/bypass %s" %
              (flows, show(duts["bypass"]), show(all_on), mark, show(checks)))


def program(lines):
    if not lines:
        return
    print("\nThe XDP program alone (test run, hot cache, minus an empty program), nanoseconds a packet\n")
    for r in lines:
        print("  %-4s %-14s IPv%s  %5s ns  %s" % (r["dut"], r["kind"], r["af"], r["ns"], r["verdict"]))


def new_connections(lines):
    best = defaultdict(lambda: (0.0, 0.0))
    for r in lines:
        # A rate at which first packets are lost is not one at which connections can be opened.
        if float(r["arrived"]) >= 0.99 and float(r["delivered"]) > best[r["dut"]][0]:
            best[r["dut"]] = (float(r["delivered"]), float(r["arrived"]))
    if not best:
        return
    print("\nNew connections a second (UDP, one packet each; best rate at which 99 % came through)\n")
    for dut, (rate, arrived) in best.items():
        print("  %-4s %8.0f   (%.0f %% of the offered flows)" % (dut, rate, 100 * arrived))
    if "fw" in best and "k1" in best:
        print("  fw/K1 %.2f (reported; no floor yet)" % (best["fw"][0] / best["k1"][0]))


def bulk(lines):
    rates = defaultdict(list)
    for r in lines:
        rates[r["dut"]].append(float(r["mbit"]))
    if not rates:
        return
    print("\nBulk TCP transfer (iperf3, one stream, segmentation offloads off), Mbit/s\n")
    names = {"k": "kernel routing", "a": "firewall"}
    for dut, values in rates.items():
        print("  %-15s %8.0f" % (names.get(dut, dut), median(values)))
    if "a" in rates and "k" in rates:
        print("  ratio           %8.2f" % (median(rates["a"]) / median(rates["k"])))


def memory(lines):
    for r in lines:
        mark = gate("memory per connection (gross)", float(r["gross"]), FLOOR_MEMORY, most=True)
        print("\nMemory per connection: gross %s bytes%s (all maps %.0f MB and the daemon's %.0f MB over %s places),"
              "\nnet %s bytes (slot, index, session and what the daemon grew by, %s connections in use)" %
              (r["gross"], mark, int(r["maps"]) / 1e6, int(r["anon"]) / 1e6, r["capacity"], r["net"], r["used"]))


def flood(lines, mixes, clients):
    rate = {r["dut"]: float(r["median"]) for r in lines}
    if not rate:
        return
    print("\nForged SYNs answered, millions a second (60-byte frames from a million addresses and ports)\n")
    print("  bare XDP_TX %.2f   nftables synproxy %.2f   firewall %s" %
          (rate.get("ct0", 0), rate.get("s1", 0), show(rate.get("fl"))))
    for r in lines:
        if int(r["bad"]):
            misses.append("%s: %s of %s sampled answers are wrong" % (r["dut"], r["bad"], r["samples"]))
    if "fl" not in rate:
        return
    proxy, tx = ratio(rate["fl"], rate.get("s1")), ratio(rate["fl"], rate.get("ct0"))
    cpu = [float(r["cpu"]) for r in lines if r["dut"] == "fl"][0]
    print("  against synproxy %s%s   against XDP_TX %s%s   daemon's share of a CPU %.1f %%%s" %
          (show(proxy), gate("SYNs answered against synproxy", proxy, FLOOR_SYN_PROXY),
           show(tx), gate("SYNs answered against XDP_TX", tx, FLOOR_SYN_TX),
           100 * cpu, gate("daemon's CPU during the flood", cpu, CEILING_SYN_CPU, most=True)))
    for r in mixes:
        share = ratio(float(r["with"]), float(r["without"]))
        print("  known connections of another class, every second frame a SYN: %s of %s million a second: %s%s" %
              (r["with"], r["without"], show(share), gate("forwarding during the flood", share, FLOOR_SYN_AMONG)))
    for r in clients:
        good, total = int(r["good"]), int(r["total"])
        print("  real clients of the server meanwhile: %d of %d complete%s, the slowest took %s s" %
              (good, total, gate("clients during the flood", ratio(good, total), 1.0), r["worst"]))


def main():
    global have_fw
    args = [a for a in sys.argv[1:] if a != "--gate"]
    by_kind = defaultdict(list)
    notes = []
    for line in open(args[0], encoding="ascii"):
        kind = line.split(" ", 1)[0]
        if kind == "note":
            notes.append(line.strip()[5:])
        else:
            by_kind[kind].append(fields(line))
    have_fw = any(r["dut"] in ("fw", "fl") for r in by_kind["result"] + by_kind["flood"] + by_kind["random"])
    established(by_kind["result"])
    randomized(by_kind["random"])
    program(by_kind["progns"])
    new_connections(by_kind["newconn"])
    flood(by_kind["flood"], by_kind["floodmix"], by_kind["floodclients"])
    memory(by_kind["memory"])
    bulk(by_kind["bulk"])
    if notes:
        print("\nNotes of the run:")
        for note in notes:
            print("  " + note)
    if not have_fw:
        misses.append("the firewall was not measured")
    print("\nFloors: %s" % ("all reached" if not misses else "missed:"))
    for miss in misses:
        print("  " + miss)
    return 1 if misses and "--gate" in sys.argv else 0


have_fw = False
if __name__ == "__main__":
    sys.exit(main())
