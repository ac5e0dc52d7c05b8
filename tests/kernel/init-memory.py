#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PID 1 of a guest that knows what is in its memory.

Each SIGINT (the console's "cad") makes this process and a child of it look at all of what they hold,
which they share as long as nobody writes, and write some of it anew; then there is a line on the console.
"""
import mmap
import os
import signal

PAGES = 6144
CAD_OFF = "/proc/sys/kernel/ctrl-alt-del"


class Memory:
    """Pages that each have their number and how often they were written."""

    def __init__(self):
        self.memory = mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE)
        self.version = [0] * PAGES
        for page in range(PAGES):
            self.write(page)

    def content(self, page):
        return (b"%8d%8d" % (page, self.version[page])) * (mmap.PAGESIZE // 16)

    def write(self, page):
        start = page * mmap.PAGESIZE
        self.memory[start : start + mmap.PAGESIZE] = self.content(page)

    def is_intact(self):
        start = [page * mmap.PAGESIZE for page in range(PAGES)]
        return all(
            self.memory[at : at + mmap.PAGESIZE] == self.content(page) for page, at in enumerate(start)
        )

    def turn(self, number, of):
        """Look at everything, write each of-th page."""
        intact = self.is_intact()
        for page in range(number % of, PAGES, of):
            self.version[page] += 1
            self.write(page)
        return b"intact" if intact and self.is_intact() else b"BAD"


def serve(memory, of):
    """The child: a turn for each byte that comes, an answer for each."""
    requests, answers = os.pipe(), os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        number = 0
        while os.read(requests[0], 1):
            number += 1
            os.write(answers[1], memory.turn(number, of))
        os._exit(1)
    return requests[1], answers[0]


def main():
    os.system("/bin/mount -t proc proc /proc")
    with open(CAD_OFF, "w", encoding="ascii") as file:
        file.write("0")
    console = os.open("/dev/console", os.O_WRONLY)
    memory = Memory()
    request, answer = serve(memory, 5)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    os.write(console, b"guest: booted\n")
    number = 0
    while True:
        signal.sigwait([signal.SIGINT])
        number += 1
        os.write(request, b".")
        own = memory.turn(number, 3)
        os.write(console, b"guest: memory %s %s\n" % (own, os.read(answer, 16)))


main()
