#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
cli_terminal.py - type into asactl on a pseudo-terminal and look at what appears.

use: cli_terminal.py ASACTL SOCKET HOME

Responsible for: one line "PASS what" or "FAIL what" for each expectation about prompts, help,
completion, history, pages and messages (CFG-4). The story 30-cli.sh counts them.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Terminal:
    def __init__(self, program, sock, home, rows=24):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=home, TERM="vt100", LC_ALL="C.UTF-8")
            os.execv(program, [program, "-s", sock])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 120, 0, 0))
        self.seen = ""

    def read(self, pattern, seconds=5.0):
        """What appears until the pattern does. => text, None when it does not."""
        end = time.time() + seconds
        while time.time() < end:
            m = re.search(pattern, self.seen)
            if m:
                text, self.seen = self.seen[:m.end()], self.seen[m.end():]
                return text
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace"))
        return None

    def type(self, text):
        os.write(self.fd, text.encode())

    def status(self, seconds=5.0):
        end = time.time() + seconds
        while time.time() < end:
            self.read("$^", 0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def main():
    program, sock, home = sys.argv[1:4]
    t = Terminal(program, sock, home)

    def expect(what, keys, pattern):
        t.type(keys)
        got = t.read(pattern)
        print("%s %s" % ("PASS" if got is not None else "FAIL", what))
        if got is None:
            print("      typed %r, waited for %r, saw %r" % (keys, pattern, t.seen[-400:]))
            t.seen = ""

    expect("the prompt of privileged mode", "", r"asa# $")
    expect("CFG-4: ? lists what may follow", "show asp ?", r"drop +\S.*\r\n(?s:.*)asa# show asp $")
    expect("CFG-4: and the line can go on", "drop frame\r", r"Frame drop:(?s:.*)asa# $")
    expect("CFG-4: Tab completes a word", "sho nam\t", r"eif $")
    expect("CFG-4: the completed line runs", "\r", r"inside +100(?s:.*)asa# $")
    expect("CFG-4: Tab lists candidates", "show r\t\t", r"resource +route +running-config")
    expect("CFG-4: Ctrl-U clears the line", "\x15show clock\r", r"UTC|[A-Z]{3,4} (?s:.*)asa# $")
    expect("CFG-4: configuration mode", "conf t\r", r"asa\(config\)# $")
    expect("CFG-4: interface mode", "interface in0\r", r"asa\(config-if\)# $")
    expect("CFG-4: a show command works there", "show nameif\r", r"inside(?s:.*)asa\(config-if\)# $")
    expect("CFG-4: exit leads up", "exit\r", r"asa\(config\)# $")
    expect("CFG-3: the caret", "hostnam\x08\x08x y\r", r"\^(?s:.*)asa\(config\)# $")
    expect("CFG-4: end leads to privileged mode", "end\r", r"asa# $")
    expect("CFG-4: history", "\x10\x10\x10\x10", r"show nameif$")
    expect("CFG-4: a filter", "\x15show nameif | include outside\r", r"out0 +outside +0\r\nasa# $")
    expect("pages: the question", "terminal pager 5\rshow running-config\r", r"<--- More --->$")
    expect("pages: the next one", " ", r"<--- More --->$")
    expect("pages: one line", "\r", r"\n[^\n]*<--- More --->$")
    expect("pages: enough", "q", r"asa# $")
    expect("pages: none", "terminal pager 0\rshow running-config\r", r": end\r\nasa# $")
    expect("messages on the terminal", "terminal monitor\rconf t\rlogging enable\rlogging monitor 6\rhostname asa\r",
           r"%ASA-5-111008: User 'root' executed the 'hostname asa' command")
    expect("and none any more", "end\rterminal no monitor\r\r", r"asa# (?s:.*)asa# ")
    t.type("\x15exit\r")
    status = t.status()
    print("%s exit ends with status 0 (%s)" % ("PASS" if status == 0 else "FAIL", status))
    history = os.path.join(home, ".asactl_history")
    private = os.path.exists(history) and os.stat(history).st_mode & 0o077 == 0
    print("%s the history file is private" % ("PASS" if private else "FAIL"))


main()
