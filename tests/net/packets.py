#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Send hand-made packets in one namespace and print what arrives in another.

Responsible for: raw sockets in two namespaces, one line per packet that arrives, in a form that a shell can match.
Not responsible for: what is right; the stories decide.

Use: packets.py FROM_NS FROM_IF TO_NS TO_IF DESTINATION_MAC EXPRESSION SECONDS
EXPRESSION is scapy (a packet or a list of them); without Ether() at its start the sender's own MAC address and
DESTINATION_MAC are put in front.  raw(bytes) sends bytes as they are.

Output lines, in order of arrival (ARP, neighbour discovery and multicast chatter left out):
    tcp 10.1.1.10:1000 > 198.51.100.10:80 flags PA seq 1 ack 2 len 5 ttl 64 win 8192 sum ok [mss N] [vlan N]
        [opts HEX] [reserved N] [urgent N]
    udp A:P > B:P len N ttl N sum ok
    icmp A > B type T code C ttl N sum ok [about A:P > B:P [seq N]]
    ip A > B proto N …
"""
import ctypes
import logging
import os
import select
import socket
import sys
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, GRE, ICMPv6DestUnreach, ICMPv6EchoReply,  # noqa
                       ICMPv6EchoRequest, ICMPv6PacketTooBig, IPerror, IPOption_Router_Alert, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, Padding, Raw,
                       TCPerror, UDPerror, fragment, fragment6, raw as raw_bytes)

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
libc = ctypes.CDLL(None, use_errno=True)


def raw(data):
    """A frame of exactly these bytes."""
    return bytes(data)


def enter(ns):
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot enter namespace " + ns)
    os.close(fd)


def packet_socket(ns, dev):
    enter(ns)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    # The kernel takes a VLAN tag out of the frame; it comes back as auxiliary data.
    sock.setsockopt(263, 8, 1)
    # All that a long list of packets brings has to fit until it is read (SO_RCVBUFFORCE).
    sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)
    sock.bind((dev, ETH_P_ALL))
    return sock


def sum_ok(pkt, layer):
    """Does the checksum in the packet equal the right one?"""
    was = pkt[layer].chksum if layer in (TCP, UDP, ICMP) else pkt[layer].cksum
    again = pkt.copy()
    if layer in (TCP, UDP, ICMP):
        del again[layer].chksum
    else:
        del again[layer].cksum
    again = again.__class__(bytes(again))
    now = again[layer].chksum if layer in (TCP, UDP, ICMP) else again[layer].cksum
    return was == now or {was, now} == {0, 0xffff}


def describe(frame, vlan):
    eth = Ether(frame)
    tag = "" if vlan is None else " vlan %d" % vlan
    while isinstance(eth.payload, (Dot1Q, Dot1AD)):
        tag += " vlan %d" % eth.payload.vlan
        eth = eth.payload
    ip = eth.payload
    if not isinstance(ip, (IP, IPv6)):
        return None
    ttl = ip.ttl if isinstance(ip, IP) else ip.hlim
    if ip.dst.startswith(("ff0", "224.", "239.")) or 135 <= getattr(ip.payload, "type", 0) <= 136:
        return None
    if isinstance(ip, IP) and sum_header(bytes(ip)[:ip.ihl * 4]):
        tag += " ipsum bad"
    if isinstance(ip, IP) and (ip.frag or ip.flags.MF):
        return "frag %s > %s proto %d offset %d more %d ttl %d%s" % (
            ip.src, ip.dst, ip.proto, ip.frag * 8, int(ip.flags.MF), ttl, tag)
    if IPv6ExtHdrFragment in ip:
        frag = ip[IPv6ExtHdrFragment]
        return "frag %s > %s proto %d offset %d more %d ttl %d%s" % (
            ip.src, ip.dst, frag.nh, frag.offset * 8, frag.m, ttl, tag)
    if TCP in ip and not isinstance(ip.payload, ICMP):
        tcp = ip[TCP]
        options = dict((o[0], o[1]) for o in tcp.options if isinstance(o, tuple))
        if isinstance(options.get("MSS"), int):
            tag = " mss %d" % options["MSS"] + tag
        if tcp.options and (len(tcp.options) > 1 or "MSS" not in options):
            tag += " opts " + bytes(tcp)[20:tcp.dataofs * 4].hex()
        if tcp.reserved:
            tag += " reserved %d" % tcp.reserved
        if tcp.urgptr:
            tag += " urgent %d" % tcp.urgptr
        return "tcp %s:%d > %s:%d flags %s seq %d ack %d len %d ttl %d win %d sum %s%s" % (
            ip.src, tcp.sport, ip.dst, tcp.dport, tcp.flags, tcp.seq, tcp.ack,
            len(tcp.payload) - (len(tcp[Padding]) if Padding in tcp else 0), ttl, tcp.window,
            "ok" if sum_ok(ip, TCP) else "bad", tag)
    if UDP in ip and not isinstance(ip.payload, ICMP):
        udp = ip[UDP]
        good = udp.chksum == 0 or sum_ok(ip, UDP)
        return "udp %s:%d > %s:%d len %d ttl %d sum %s%s" % (
            ip.src, udp.sport, ip.dst, udp.dport, udp.len - 8, ttl, "ok" if good else "bad", tag)
    if ICMP in ip:
        icmp = ip[ICMP]
        inner = ""
        if IPerror in icmp:
            inner = " about %s > %s" % (icmp[IPerror].src, icmp[IPerror].dst)
            for layer in (TCPerror, UDPerror):
                if layer in icmp:
                    inner = " about %s:%d > %s:%d" % (icmp[IPerror].src, icmp[layer].sport,
                                                      icmp[IPerror].dst, icmp[layer].dport)
            if TCPerror in icmp:
                inner += " seq %d" % icmp[TCPerror].seq
        return "icmp %s > %s type %d code %d ttl %d sum %s%s%s" % (
            ip.src, ip.dst, icmp.type, icmp.code, ttl, "ok" if sum_ok(ip, ICMP) else "bad", inner, tag)
    kind = getattr(ip.payload, "type", None)
    if isinstance(ip, IPv6) and ip.nh == 58 and kind is not None:
        return "icmp6 %s > %s type %d code %d ttl %d%s" % (ip.src, ip.dst, kind, ip.payload.code, ttl, tag)
    return "ip %s > %s proto %d ttl %d%s" % (ip.src, ip.dst, ip.proto if isinstance(ip, IP) else ip.nh, ttl, tag)


def sum_header(header):
    """Zero when the IPv4 header checksum is right."""
    total = sum(int.from_bytes(header[i:i + 2], "big") for i in range(0, len(header), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def receive(sock, seconds):
    """Print what comes within the time; what has arrived by then is read to the end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end + 30:
        if not select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
            return
        frame, extra, _, addr = sock.recvmsg(65536, 256)
        if addr[2] == socket.PACKET_OUTGOING:
            continue
        vlan = None
        for level, kind, data in extra:
            if level == 263 and kind == 8 and int.from_bytes(data[0:4], sys.byteorder) & 0x10:
                vlan = int.from_bytes(data[16:18], sys.byteorder) & 0xfff
        line = describe(frame, vlan)
        if line:
            print(line, flush=True)


def main():
    from_ns, from_if, to_ns, to_if, mac, expression, seconds = sys.argv[1:8]
    listener = packet_socket(to_ns, to_if)
    sender = packet_socket(from_ns, from_if)
    own = sender.getsockname()[4]
    packets = eval(expression)  # the stories are the only authors of expressions
    if not isinstance(packets, (list, tuple)):
        packets = [packets]
    # Few packets go one by one, so that each is seen before the next one; many at a rate that any machine takes.
    pause = 0.01 if len(packets) <= 64 else 0.002
    for pkt in packets:
        if isinstance(pkt, bytes):
            sender.send(pkt)
            continue
        if not isinstance(pkt, Ether):
            pkt = Ether(src=":".join("%02x" % b for b in own), dst=mac) / pkt
        data = raw_bytes(pkt)
        sender.send(data + bytes(max(0, 60 - len(data))))
        time.sleep(pause)
    receive(listener, float(seconds))


if __name__ == "__main__":
    main()
