#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bytes both ways at once over real TCP connections, checked by hash.

Use: stream.py server PORT…
     stream.py client ADDRESS PORT BYTES SECONDS [AT_ONCE]
     stream.py shown LOG             (the log of asad --stream-log: is each stream that ended what was sent?)
The client repeats connections, AT_ONCE at a time, until the seconds are over (0: once) and prints "equal N connections M bytes" or what
differs; its status is 0 only if all were equal. Each side sends BYTES bytes that only it knows and then the hash of them;
each side closes its direction when it has sent all (half-closed while the other goes on).
"""
import hashlib
import os
import socket
import struct
import sys
import threading
import time

DIGEST = 32


def send_all(sock, size, limit):
    """BYTES and their hash. Writes of all sizes, so that segments are of all sizes."""
    digest, left, i = hashlib.sha256(), size, 0
    block = os.urandom(65536 + 7919)
    while left and time.monotonic() < limit:
        n = min(left, (1, 17, 536, 1448, 4000, 65536)[i % 6])
        i += 1
        piece = block[(i * 7919) % 7919:][:n]
        digest.update(piece)
        sock.sendall(piece)
        left -= len(piece)
    sock.sendall(digest.digest())
    sock.shutdown(socket.SHUT_WR)


def receive_all(sock):
    """=> bytes before the hash, whether it is theirs"""
    data = bytearray()
    while True:
        piece = sock.recv(1 << 18)
        if not piece:
            break
        data += piece
    return len(data) - DIGEST, hashlib.sha256(data[:-DIGEST]).digest() == bytes(data[-DIGEST:])


def talk(sock, size):
    sender = threading.Thread(target=send_all, args=(sock, size, time.monotonic() + 90))
    sender.start()
    result = receive_all(sock)
    sender.join()
    return result


def serve(sock):
    with sock:
        try:
            size = struct.unpack("!I", sock.recv(4, socket.MSG_WAITALL))[0]
            _, equal = talk(sock, size)
            print("equal" if equal else "DIFFERENT", flush=True)
        except OSError as e:
            print("DIFFERENT", e, flush=True)


def server(ports):
    listeners = [socket.create_server(("", int(p)), backlog=64) for p in ports]
    for one in listeners[1:]:
        threading.Thread(target=accept, args=(one,), daemon=True).start()
    accept(listeners[0])


def accept(listener):
    while True:
        sock, _ = listener.accept()
        sock.settimeout(30)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


def client(address, port, size, end, results):
    while True:
        sock = socket.create_connection((address, port), timeout=60)
        sock.settimeout(30)
        with sock:
            try:
                sock.sendall(struct.pack("!I", size))
                results.append(talk(sock, size))
            except OSError as e:
                results.append((size, "port %d: %s" % (sock.getsockname()[1], e)))
        if time.monotonic() >= end:
            return


def clients(address, port, size, seconds, at_once):
    results, end = [], time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(address, port, size, end, results)) for _ in range(at_once)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    bad = [r for r in results if r != (size, True)]
    if bad or len(results) < at_once:
        print("DIFFERENT: %d connections ended, %d wrong: %s" % (len(results), len(bad), bad[:3]))
        return 1
    print("equal %d connections %d bytes" % (len(results), len(results) * size))
    return 0


def shown(log):
    """What was shown of a direction that ended: the client's size (4 bytes), bytes, and their hash."""
    end, data, n, wrong = {}, {}, 0, []
    with open(log) as lines:
        for line in lines:
            number, way, _, _, *piece = line.split()
            stream = (number, way)
            if piece == ["fin"]:
                got = data.pop(stream, b"")[4 if way == "forward" else 0:]
                n += 1
                if hashlib.sha256(got[:-DIGEST]).digest() != bytes(got[-DIGEST:]):
                    wrong.append((stream, len(got)))
                continue
            seq, piece = int(piece[0]), bytes.fromhex(piece[1])
            if end.get(stream, seq) != seq:
                wrong.append((stream, seq, end[stream]))
            end[stream] = (seq + len(piece)) & 0xffffffff
            data.setdefault(stream, bytearray()).extend(piece)
    print("%d streams shown, %d wrong %s" % (n, len(wrong), wrong[:3]))


if __name__ == "__main__":
    if sys.argv[1] == "shown":
        sys.exit(shown(sys.argv[2]))
    if sys.argv[1] == "server":
        server(sys.argv[2:])
    at_once = int(sys.argv[6]) if len(sys.argv) > 6 else 1
    sys.exit(clients(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), at_once))
