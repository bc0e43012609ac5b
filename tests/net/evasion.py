#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hand-made TCP connections that try to show an inspector other bytes than the receiver gets.

Responsible for: the client's side of a connection from an address that no kernel answers for: handshake, the segments of a
case, an end; the server's side; the streams of the firewall's log (asad --stream-log), each as a file.
Not responsible for: what is right: the story compares what the server's application read with what the firewall showed.

Use: evasion.py IF SOURCE DESTINATION DPORT MAC
     evasion.py server DIRECTORY PORT…     (writes what each connection brought to DIRECTORY/srv.PORT.CLIENT_PORT)
     evasion.py streams LOG DIRECTORY      (writes what was shown of each client to DIRECTORY/log.PORT.CLIENT_PORT)
Prints "PORT NAME" for each case; the client's port is the case's number.
"""
import logging
import os
import select
import socket
import sys
import threading
import time

if sys.argv[1] not in ("server", "streams"):
    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.all import IP, TCP, Ether, fragment, raw  # noqa

ISN = 0xfffffff0  # the numbers wrap on the way


def seg(at, data, **how):
    """Payload at byte 'at' of the stream. how: ttl, sum (wrong checksum), flags, urgent, ack (added), ts, pieces (IP fragments;
    2: one of them twice, with other bytes)"""
    return at, data.encode(), how


# name, SYN data, segments; each case ends in order, so that the server reads something to its end
CASES = [
    ("in order", "", [seg(0, "abcd"), seg(4, "efgh")]),
    ("out of order", "", [seg(8, "ijkl"), seg(4, "efgh"), seg(0, "abcd")]),
    ("two versions, the first wins", "", [seg(4, "GOOD"), seg(4, "EVIL"), seg(0, "abcd")]),
    ("overlap: new on the left", "", [seg(4, "efgh"), seg(2, "XXXX"), seg(0, "abcd")]),
    ("overlap: new on the right", "", [seg(4, "efgh"), seg(6, "XXXX"), seg(0, "abcd"), seg(8, "ijkl")]),
    ("overlap: new around old", "", [seg(4, "ef"), seg(2, "XXXXXX"), seg(0, "abcd"), seg(6, "gh")]),
    ("overlap: new inside of old", "", [seg(4, "efghij"), seg(6, "XX"), seg(0, "abcd")]),
    ("overlap: same bytes, other cuts", "", [seg(4, "efgh"), seg(2, "cdef"), seg(0, "abcdefghij")]),
    ("retransmission with other bytes", "", [seg(0, "abcd"), seg(0, "EVIL"), seg(2, "XXef"), seg(4, "efgh")]),
    ("retransmission that goes on", "", [seg(0, "abcd"), seg(2, "cdef"), seg(6, "gh")]),
    ("short TTL, then another version", "", [seg(0, "ab"), seg(2, "DECOY", ttl=1), seg(2, "REALS"), seg(2, "DECOY")]),
    ("bad checksum, then the right one", "", [seg(0, "ab"), seg(2, "EVIL", sum=1), seg(6, "EVIL", sum=1), seg(2, "cdef")]),
    ("urgent byte", "", [seg(0, "ab"), seg(2, "cdef", flags="PAU", urgent=2), seg(6, "gh")]),
    ("data in the SYN, the same again", "abcd", [seg(0, "abcd"), seg(4, "efgh")]),
    ("data in the SYN, others again", "abcd", [seg(0, "EVIL"), seg(4, "efgh"), seg(0, "abcd"), seg(4, "efgh")]),
    ("beyond the window", "", [seg(0, "ab"), seg(9000000, "EVIL"), seg(2, "cd")]),
    ("before the window", "", [seg(0, "ab"), seg(-3, "EVIL"), seg(2, "cd")]),
    ("acknowledges what was never sent", "", [seg(0, "ab"), seg(2, "EV", ack=100000), seg(2, "cd")]),
    ("without ACK", "", [seg(0, "ab"), seg(2, "EV", flags=""), seg(2, "EV", flags="P"), seg(2, "cd")]),
    ("SYN and FIN with data", "", [seg(0, "ab"), seg(2, "EV", flags="SF"), seg(2, "EV", flags="SA"), seg(2, "cd")]),
    ("reset beside the number", "", [seg(0, "ab"), seg(500, "", flags="R"), seg(2, "cd")]),
    ("data behind the FIN", "", [seg(0, "abcd"), seg(4, "", flags="FA"), seg(5, "EVIL")]),
    ("FIN before its time", "", [seg(4, "", flags="FA"), seg(2, "cd"), seg(4, "EVIL"), seg(0, "ab")]),
    ("second FIN earlier", "", [seg(0, "abcd"), seg(6, "gh", flags="FA"), seg(4, "", flags="FA"), seg(4, "ef")]),
    ("many small ones backwards", "", [seg(i, "abcdefghij"[i]) for i in range(9, -1, -1)]),
    ("IP fragments, out of order", "", [seg(8, "ijklmnopqrstuvwx", pieces=1), seg(0, "abcdefgh")]),
    ("IP fragments around bytes that came first", "", [seg(4, "efghijklmnop"), seg(2, "cdEVilEVilEVilqr", pieces=1),
                                                       seg(0, "abcd"), seg(16, "qr")]),
    ("IP fragments that overlap", "", [seg(0, "abcd" * 9, pieces=2), seg(0, "abcd")]),
    ("old timestamp", "", [seg(0, "ab", ts=1000), seg(2, "EV", ts=10), seg(2, "cd", ts=1001)]),
]


class Client:
    def __init__(self, dev, src, dst, dport, mac):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.sock.bind((dev, 0x0800))
        self.own = ":".join("%02x" % b for b in self.sock.getsockname()[4])
        self.src, self.dst, self.dport, self.mac = src, dst, dport, mac
        self.acked = {}  # by port: the next number that the server will send

    def send(self, port, number, data, flags="PA", ttl=64, sum=0, urgent=0, ack=0, ts=None, pieces=0):
        tcp = TCP(sport=port, dport=self.dport, seq=number & 0xffffffff, flags=flags, window=60000, urgptr=urgent,
                  ack=(self.acked.get(port, 0) + ack) & 0xffffffff if "A" in flags else 0)
        if ts is not None:
            tcp.options = [("NOP", 0), ("NOP", 0), ("Timestamp", (ts, 0))]
        pkt = Ether(bytes(raw(Ether(src=self.own, dst=self.mac) / IP(src=self.src, dst=self.dst, ttl=ttl) / tcp / data)))
        if sum:
            pkt[TCP].chksum ^= 0x55
        frames = [raw(pkt)]
        if pieces:
            pkt[IP].id = (port * 8 + self.dport + number) & 0xffff
            del pkt[IP].chksum
            frames = [raw(Ether(src=self.own, dst=self.mac) / piece) for piece in fragment(IP(raw(pkt[IP])), fragsize=24)]
        if pieces == 2:
            frames.insert(1, frames[1][:34] + b"EV" * ((len(frames[1]) - 34) // 2))
        for frame in frames:
            self.sock.send(frame + bytes(max(0, 60 - len(frame))))
        self.listen(0.004)

    def listen(self, seconds, syn_ack=None):
        """Note what comes; => whether the SYN-ACK to port 'syn_ack' was there"""
        end = time.monotonic() + seconds
        while select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
            frame, addr = self.sock.recvfrom(2048)
            if addr[2] == socket.PACKET_OUTGOING:
                continue
            ip = Ether(frame).payload
            if not isinstance(ip, IP) or ip.dst != self.src or TCP not in ip:
                continue
            port = ip[TCP].dport
            end_number = ip[TCP].seq + ip.len - ip.ihl * 4 - ip[TCP].dataofs * 4 + ("S" in ip[TCP].flags) + ("F" in ip[TCP].flags)
            if "S" in ip[TCP].flags:
                self.acked[port] = end_number & 0xffffffff
                if port == syn_ack:
                    return True
            elif "F" in ip[TCP].flags and port in self.acked:
                self.acked[port] = end_number & 0xffffffff
        return False

    def case(self, port, syn_data, segments):
        timestamps = any(how.get("ts") is not None for _, _, how in segments)
        self.send(port, ISN, syn_data.encode(), flags="S", ts=999 if timestamps else None)
        if port not in self.acked and not self.listen(3, port):
            return False
        first = ISN + 1
        self.send(port, first, b"", flags="A", ts=999 if timestamps else None)
        for at, data, how in segments:
            self.send(port, first + at, data, **how)
        return True


def client(dev, src, dst, dport, mac):
    c = Client(dev, src, dst, int(dport), mac)
    for i, (name, syn_data, segments) in enumerate(CASES):
        print(2001 + i, name if c.case(2001 + i, syn_data, segments) else "NO ANSWER: " + name, flush=True)
    c.listen(0.3)


def keep(sock, path):
    sock.settimeout(8)
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                data = sock.recv(4096)
                if not data:
                    break
                f.write(data)
        except OSError:
            pass


def server(directory, *ports):
    listeners = [socket.create_server(("", int(p)), backlog=64) for p in ports]
    while True:
        for one in select.select(listeners, [], [])[0]:
            sock, addr = one.accept()
            path = os.path.join(directory, "srv.%d.%d" % (one.getsockname()[1], addr[1]))
            threading.Thread(target=keep, args=(sock, path), daemon=True).start()


def streams(log, directory):
    """Each byte once and in order: a piece that does not follow on the one before it is an error."""
    end, data = {}, {}
    with open(log) as lines:
        for line in lines:
            number, way, source, destination, *piece = line.split()
            if way != "forward" or piece == ["fin"]:
                continue
            seq, piece = int(piece[0]), bytes.fromhex(piece[1])
            if end.get(number, seq) != seq:
                sys.exit("connection %s: %d after %d" % (number, seq, end[number]))
            end[number] = (seq + len(piece)) & 0xffffffff
            data.setdefault("%s.%s" % (destination.split("/")[1], source.split("/")[1]), bytearray()).extend(piece)
    for name, stream in data.items():
        with open(os.path.join(directory, "log." + name), "wb") as f:
            f.write(stream)


if __name__ == "__main__":
    {"server": server, "streams": streams}.get(sys.argv[1], lambda *rest: client(sys.argv[1], *rest))(*sys.argv[2:])
