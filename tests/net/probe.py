#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""packets.py without its start: one process has scapy loaded, a child of it does each job.

Responsible for: the socket between the two, output and status of a job. A job writes to the standard output
and error of who asks, whose descriptors go with the request.
Not responsible for: what a job is (packets.py); starting and ending the server (scripts/lab.sh).

Use: probe.py serve SOCKET          until it is killed
     probe.py ask SOCKET ARGUMENT…  the arguments of packets.py; waits for a server that is just starting
"""
import os
import signal
import socket
import sys
import time

START = 20  # seconds that a server may take to listen
LONGEST = 1 << 20


def job(conn, sys_path):
    sys.path.insert(0, sys_path)
    import packets
    request, fds, _, _ = socket.recv_fds(conn, LONGEST, 2)
    while not request.endswith(b"\0\0"):
        more = conn.recv(LONGEST)
        if not more:
            return 1
        request += more
    os.dup2(fds[0], 1)
    os.dup2(fds[1], 2)
    sys.argv[1:] = request[:-2].decode().split("\0")
    packets.main()
    sys.stdout.flush()
    return 0


def serve(path):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, here)
    import packets  # noqa: F401: this is what takes the time
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path + ".new")
    listener.listen(16)
    os.rename(path + ".new", path)
    while True:
        conn, _ = listener.accept()
        if os.fork():
            conn.close()
            continue
        status = 1
        try:
            listener.close()
            status = job(conn, here)
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            try:
                sys.stderr.flush()
                conn.sendall(bytes([status]))
            finally:
                os._exit(status)


def ask(path, arguments):
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end = time.monotonic() + START
    while True:
        try:
            conn.connect(path)
            break
        except OSError:
            if time.monotonic() > end:
                print("probe.py: nobody listens at", path, file=sys.stderr)
                return 1
            time.sleep(0.02)
    request = "\0".join(arguments).encode() + b"\0\0"
    sent = socket.send_fds(conn, [request], [1, 2])
    conn.sendall(request[sent:])
    answer = conn.recv(1)
    return answer[0] if answer else 1


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        sys.exit(ask(sys.argv[2], sys.argv[3:]))
