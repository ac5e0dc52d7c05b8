#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Let saves of a guest fail again and again, and see that nothing is left behind.

    failed-saves.py CAUSE SOCKET PID SCRATCH [TIMES]

SOCKET and PID are those of a vkernel whose guest is idle, SCRATCH is a directory with the directories
"save" and "small", a file system of a few megabytes.
"""
import contextlib
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

import mconsole

MIB = 1 << 20
SETTLE_SECONDS = 60


class Guest:
    def __init__(self, socket, pid, scratch):
        self.socket = socket
        self.pid = pid
        self.save = os.path.join(scratch, "save")
        self.small = os.path.join(scratch, "small")
        self.spare = os.path.join(scratch, "spare")

    def ask(self, text, descriptors=()):
        return mconsole.ask(self.socket, text, list(descriptors))

    def fails(self, text, expected, descriptors=()):
        """A request for a save is answered with an error, and the guest goes on."""
        error, reply = self.ask(text, descriptors)
        if not error or not re.match(expected, reply):
            sys.exit(f"{text}: the reply is '{reply}', not '{expected}'")
        error, reply = self.ask("version")
        if error:
            sys.exit(f"the guest does not go on: {reply}")
        for directory in (self.save, self.small):
            if os.listdir(directory):
                sys.exit(f"left in {directory}: {os.listdir(directory)}")

    def mapped(self):
        """All but the guest's memory, which is a file that is mapped where the guest's kernel likes."""
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            lines = [line.split(maxsplit=5) for line in maps]
        sizes = [line[0].split("-") for line in lines if "(deleted)" not in line[-1]]
        return sum(int(end, 16) - int(start, 16) for start, end in sizes)

    def costs(self):
        """What the vkernel takes of the host, but for the guest's own memory."""
        found = {}
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            found[f"descriptor {fd}"] = os.readlink(f"/proc/{self.pid}/fd/{fd}")
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            facts = dict(line.rstrip("\n").split(":", 1) for line in status)
        found["threads"] = facts["Threads"].strip()
        found["mapped bytes"] = self.mapped()
        kib = [int(facts[name].split()[0]) for name in ("RssAnon", "VmSwap")]
        found["memory of its own in KiB"] = sum(kib)
        return found


def no_space(guest):
    guest.fails(f"save {guest.small}", "errno=28 step=memory ")


def no_space_in_stream(guest):
    with open("/dev/full", "wb") as full:
        guest.fails("save fd", "errno=28 step=stream ", [full.fileno()])


@contextlib.contextmanager
def size_limit(guest, size):
    _, hard = resource.prlimit(guest.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(guest.pid, resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.prlimit(guest.pid, resource.RLIMIT_FSIZE, (hard, hard))


def file_size(guest):
    with size_limit(guest, MIB):
        guest.fails(f"save {guest.save}", "errno=27 step=open ")


def file_size_in_stream(guest):
    with size_limit(guest, MIB), open(guest.spare, "wb") as spare:
        guest.fails("save fd", "errno=27 step=stream ", [spare.fileno()])


def io_error(guest):
    """Under strace, which lets some of the writes fail."""
    guest.fails(f"save {guest.save}", "errno=5 step=(memory|state) ")


def io_error_in_stream(guest):
    # There is nothing at address 0 of a process.
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        guest.fails("save fd", "errno=5 step=stream ", [memory.fileno()])


def reader_killed(guest):
    """Whoever takes the stream is killed when it has begun to arrive."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(theirs)
        os.read(ours, 4096)
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(ours)
    guest.fails("save fd", "errno=32 step=stream ", [theirs])
    os.close(theirs)
    os.waitpid(pid, 0)


def asker_killed(guest):
    """Whoever asked for the save is killed some time before it is done; the next one says go."""
    pid = os.fork()
    if pid == 0:
        guest.ask(f"save hold {guest.save}")
        os._exit(0)
    time.sleep(random.uniform(0, 0.05))  # somewhere between its start and the reply
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    error, reply = guest.ask("go")
    if error and reply != "Not stopped":
        sys.exit(f"go: the reply is '{reply}'")
    # Requests are served one after the other, so this one is when that save is over.
    reply = guest.ask(f"save {guest.small}")[1]
    if not re.match("errno=28 step=memory ", reply):
        sys.exit(f"the guest does not save: {reply}")
    for name in os.listdir(guest.save):
        os.unlink(os.path.join(guest.save, name))


@contextlib.contextmanager
def failing_writes(guest):
    """Every seventh write at a position fails with EIO, wherever that is."""
    command = ["strace", "-q", "-o", "/dev/null", "-p", str(guest.pid), "-e", "trace=pwrite64"]
    command += ["-e", "inject=pwrite64:error=EIO:when=7+7"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        while not is_traced(guest.pid):
            if tracer.poll() is not None:
                sys.exit(f"strace: {tracer.stderr.read().decode()}")
            time.sleep(0.01)
        yield
        tracer.send_signal(signal.SIGINT)


def is_traced(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return "TracerPid:\t0\n" not in status


CAUSES = {
    cause.__name__: cause
    for cause in (
        no_space,
        no_space_in_stream,
        file_size,
        file_size_in_stream,
        io_error,
        io_error_in_stream,
        reader_killed,
        asker_killed,
    )
}


def settle(guest, expected):
    """Wait until the costs are as expected, or, without an expectation, the same for a while."""
    deadline = time.monotonic() + SETTLE_SECONDS
    found, same = guest.costs(), 0
    while time.monotonic() < deadline and (found != expected if expected else same < 5):
        time.sleep(0.05)
        again = guest.costs()
        same = same + 1 if again == found else 0
        found = again
    return found


def main():
    name, socket, pid, scratch = sys.argv[1:5]
    times = int(sys.argv[5]) if len(sys.argv) > 5 else 100
    guest = Guest(socket, int(pid), scratch)
    cause = CAUSES[name]
    with failing_writes(guest) if name == "io_error" else contextlib.nullcontext():
        for _ in range(5):  # let everything be there that there will be
            cause(guest)
        before = settle(guest, None)
        for _ in range(times):
            cause(guest)
        after = settle(guest, before)
    for what in sorted(before.keys() | after.keys()):
        if before.get(what) != after.get(what):
            print(f"# {what}: {before.get(what)} before, {after.get(what)} after {times} failures")
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
