#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""TCP of capture files, sent once more through a firewall to a real stack.

Responsible for: each direction of each connection of the captures that carries data becomes the client's side of a connection
of its own: the same segments in the same order, with the same numbers, flags, options, TTL and wrong checksums; other addresses
and ports, and acknowledgments of what this server sends. A SYN-ACK becomes a SYN; without either there is one before the data.
Not responsible for: answers (those of the server's stack), what is right: see the story.

Use: replay.py IF SOURCE DESTINATION DPORT[,DPORT…] MAC FIRST_PORT FILE…
Prints "DPORT PORT NAME" for each connection; each is made once to each destination port.
"""
import os
import struct
import sys

import evasion
from scapy.all import IP, IPv6, PcapReader, TCP, Ether, raw  # noqa

SEGMENTS_MAX = 60  # of a stream


def sum16(data):
    data += bytes(len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n


def pseudo(src, dst, size):
    return src + dst + struct.pack("!HH", 6, size)


class Segment:
    """One TCP segment of a capture, its header as bytes: scapy would repair what is odd about it."""

    def __init__(self, pkt):
        ip = pkt[IP] if IP in pkt else pkt[IPv6]
        self.data = raw(ip.payload)[:ip.len - ip.ihl * 4 if IP in pkt else ip.plen]
        self.ttl = ip.ttl if IP in pkt else ip.hlim
        self.seq, self.ack = struct.unpack("!II", self.data[4:12])
        self.header = (self.data[12] >> 4) * 4
        self.flags = self.data[13]
        self.size = len(self.data) - self.header
        ends = raw(ip)[12:20] if IP in pkt else raw(ip)[8:40]
        self.good = sum16(ends + struct.pack("!HH", 6, len(self.data)) + self.data) == 0xffff
        self.key = (ip.src, ip.dst) + struct.unpack("!HH", self.data[:4])


def streams(path):
    """=> lists of segments, one for each direction that carries data"""
    found = {}
    try:
        with PcapReader(path) as reader:
            for pkt in reader:
                if not (IP in pkt and pkt[IP].proto == 6 and not pkt[IP].frag and not pkt[IP].flags.MF
                        or IPv6 in pkt and pkt[IPv6].nh == 6):
                    continue
                try:
                    s = Segment(pkt)
                except (struct.error, IndexError):
                    continue
                if 20 <= s.header <= len(s.data):
                    found.setdefault(s.key, []).append(s)
    except (OSError, EOFError, ValueError) as e:
        print("%s: %s" % (path, e), file=sys.stderr)
    return [s[:SEGMENTS_MAX] for s in found.values() if any(x.size and not x.flags & 4 for x in s[:SEGMENTS_MAX])]


def send(c, port, s, flags, filled_in, seq=None):
    """filled_in: the capture's own checksums were those of a card that would have filled them in"""
    ack = c.acked.get(port, 0) if flags & 16 else 0
    tcp = struct.pack("!HHIIBBHHH", port, c.dport, s.seq if seq is None else seq, ack, s.data[12], flags,
                      60000, 0, struct.unpack("!H", s.data[18:20])[0]) + s.data[20:]
    src, dst = (bytes(map(int, a.split("."))) for a in (c.src, c.dst))
    check = 0xffff - sum16(pseudo(src, dst, len(tcp)) + tcp)
    if not s.good and not filled_in:
        check ^= 0x55
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    frame = raw(Ether(src=c.own, dst=c.mac, type=0x800) / IP(src=c.src, dst=c.dst, ttl=s.ttl, proto=6) / tcp)
    if len(frame) > 1514:  # merged by the card that captured it
        return
    c.sock.send(frame + bytes(max(0, 60 - len(frame))))
    c.listen(0.001)


def replay(c, port, segments):
    first = next((s for s in segments if s.flags & 7 == 2), None)
    filled_in = not any(s.good for s in segments if s.size) or not (first or segments[0]).good
    if first:
        send(c, port, first, 2, filled_in)
    else:
        c.send(port, segments[0].seq - 1, b"", flags="S")
    if port not in c.acked and not c.listen(3, port):
        return False
    c.send(port, (first.seq if first else segments[0].seq - 1) + 1, b"", flags="A")
    if first and first.size:  # a server that does not take it with the SYN gets it again
        send(c, port, first, 24, filled_in, first.seq + 1)
    for s in segments:
        if s is not first:
            send(c, port, s, s.flags & ~16 if s.flags & 18 == 18 else s.flags, filled_in)
    return True


def main(dev, src, dst, dports, mac, port, *files):
    both, port = [evasion.Client(dev, src, dst, int(d), mac) for d in dports.split(",")], int(port)
    for path in files:
        for n, segments in enumerate(streams(path)):
            for c in both:
                name = "%s, stream %d" % (os.path.basename(path), n + 1)
                print(c.dport, port, name if replay(c, port, segments) else "NO ANSWER: " + name, flush=True)
                port += 1
    both[0].listen(0.3)


main(*sys.argv[1:])
