#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PID 1 of a guest with much that is all zeros, for which the host has no memory after a thaw.

Each SIGINT (the console's "cad") makes it use the next of what it has, and then there is a line on the
console. With files=DIRECTORY of the host, a file named "large" is read from there.
"""
import mmap
import os
import re
import resource
import signal
import subprocess

PAGES = 4096
TABLE = 1 << 20  # descriptors, more than fit into memory without holes
CAD_OFF = "/proc/sys/kernel/ctrl-alt-del"


def mount(*arguments):
    """Without privileges: in a user namespace of the host, mount(8) would be nobody here."""
    subprocess.run(["/usr/bin/setpriv", "--no-new-privs", "/usr/bin/mount", *arguments], check=True)


class Memory:
    """Pages that were written, with zeros."""

    name = "memory of a program"

    def __init__(self):
        self.pages = mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE)
        for at in range(0, len(self.pages), mmap.PAGESIZE):
            self.pages[at] = 0

    def use(self):
        return not any(self.pages[at] for at in range(0, len(self.pages), mmap.PAGESIZE))


class Table:
    """The kernel's table of descriptors, nearly empty, in its virtual memory."""

    name = "virtual memory of the kernel"

    def __init__(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (TABLE, TABLE))
        os.dup2(0, TABLE - 1)

    def use(self):
        for fd in range(TABLE // 2, TABLE - 1, mmap.PAGESIZE // 8):
            try:
                os.fstat(fd)
                return False
            except OSError:
                pass
        return True


class File:
    """A file of the host that was not read before."""

    name = "a file of the host"

    def __init__(self):
        with open("/proc/cmdline", encoding="ascii") as file:
            mount("-t", "hostfs", "-o", re.search("files=([^ ]*)", file.read())[1], "none", "/mnt")

    def use(self):
        with open("/mnt/large", "rb") as file:
            return all(piece == b"large" * 8192 for piece in iter(lambda: file.read(5 * 8192), b""))


class Child:
    """Another program, which answers."""

    name = "a program whose process was lost"

    def __init__(self):
        requests, answers = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            while os.read(requests[0], 1):
                os.write(answers[1], b"here")
            os._exit(1)
        self.request, self.answer = requests[1], answers[0]
        self.use()
        while not self.sleeps(child):
            os.sched_yield()

    @staticmethod
    def sleeps(pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().split()[2] == "S"

    def use(self):
        os.write(self.request, b".")
        return os.read(self.answer, 16) == b"here"


def main():
    mount("-t", "proc", "proc", "/proc")
    with open(CAD_OFF, "w", encoding="ascii") as file:
        file.write("0")
    console = os.open("/dev/console", os.O_WRONLY)
    used = [Memory(), Table(), File(), Child()]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.write(console, b"guest: booted\n")
    for thing in used:
        signal.sigwait([signal.SIGINT])
        os.write(console, b"guest: %s: %s\n" % (thing.name.encode(), b"well" if thing.use() else b"BAD"))
    signal.pause()


main()
