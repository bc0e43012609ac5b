#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A bad cable: passes frames between two interfaces of its namespace, losing, doubling and reordering some.

Responsible for: pairs of interfaces; only what goes from the first of a pair to the second is spoiled, what comes back
passes as it is. The same seed and the same frames give the same spoiling.
Not responsible for: merged frames: switch GRO off or make gro_max_size small on both.

Use: shuffle.py LOSS REORDER DUPLICATE SEED IF_A IF_B [IF_A IF_B …]     (probabilities in percent)
Prints "passed N lost N late N doubled N" when it is ended by SIGTERM.
"""
import heapq
import random
import select
import signal
import socket
import sys
import time

ETH_P_ALL = 3


def packet_socket(dev):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    sock.bind((dev, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def send(sock, frame):
    try:
        sock.send(frame)
    except OSError:
        pass  # the queue is full: one more that is lost


def main():
    loss, late, double = (float(x) / 100 for x in sys.argv[1:4])
    dice = random.Random(int(sys.argv[4]))
    count = dict(passed=0, lost=0, late=0, doubled=0)
    to, spoils, waiting, serial = {}, {}, [], 0
    for i in range(5, len(sys.argv), 2):
        a, b = packet_socket(sys.argv[i]), packet_socket(sys.argv[i + 1])
        to[a], to[b] = b, a
        spoils[a], spoils[b] = True, False
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    while not ended:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, sock, frame = heapq.heappop(waiting)
            send(sock, frame)
        ready = select.select(list(to), [], [], max(0, waiting[0][0] - now) if waiting else 0.2)[0]
        for sock in ready:
            for _ in range(32):
                try:
                    frame, addr = sock.recvfrom(65536)
                except BlockingIOError:
                    break
                if addr[2] == socket.PACKET_OUTGOING:
                    continue
                count["passed"] += 1
                if not spoils[sock] or frame[12:14] == b"\x08\x06":
                    send(to[sock], frame)
                    continue
                r = dice.random()
                if r < loss:
                    count["lost"] += 1
                elif r < loss + late:
                    count["late"] += 1
                    serial += 1
                    heapq.heappush(waiting, (time.monotonic() + dice.uniform(0, 0.003), serial, to[sock], frame))
                else:
                    send(to[sock], frame)
                    if r < loss + late + double:
                        count["doubled"] += 1
                        serial += 1
                        heapq.heappush(waiting, (time.monotonic() + dice.uniform(0, 0.003), serial, to[sock], frame))
    print(" ".join("%s %d" % (k, v) for k, v in count.items()), flush=True)


if __name__ == "__main__":
    main()
