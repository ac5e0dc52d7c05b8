#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Thaw state files that are wrong, but have the right checksum.

    mutate-state.py VKERNEL SAVE SCRATCH COUNT [SEED]

A vkernel that is given one has to refuse it (exit status 3) or to fail (1), with a line that says why,
or to go on as a guest that answers. Only where the runs of pages are others, so that the guest's memory
has other contents, may the guest end after it has begun to run. Each file is made from its number and
the seed alone; one that does harm is kept, as SCRATCH/harmful-NUMBER.
"""
import collections
import os
import random
import re
import select
import shutil
import struct
import subprocess
import sys
import time

import mconsole

LIMIT_SECONDS = 120
EXTENTS = 3

HEADER = struct.Struct("<8sIIQIIII")
SECTION = struct.Struct("<IIQQ")
SIZE_OFFSET = 16
CRC_OFFSET = 36

ODD_NUMBERS = [0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0xFFF, 0x1000, 1 << 20]
ODD_NUMBERS += [edge + step for edge in (1 << 31, 1 << 32, 1 << 63, 1 << 64) for step in (-4096, -1, 0)]


def crc32c_table():
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        yield value


CRC32C = list(crc32c_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC32C[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def sections(state):
    """Yield (type, offset, length)."""
    _, _, size, _, _, count, entry, _ = HEADER.unpack_from(state)
    for i in range(count):
        kind, _, offset, length = SECTION.unpack_from(state, size + i * entry)
        yield kind, offset, length


def extents(state):
    try:
        return [state[offset : offset + length] for kind, offset, length in sections(state) if kind == EXTENTS]
    except struct.error:
        return None


class Mutator:
    """Makes changes; what there is little of gets as many as what there is much of."""

    def __init__(self, state, seed):
        self.state = bytearray(state)
        self.random = random.Random(seed)
        parts = [(offset, length) for _, offset, length in sections(state) if length]
        self.parts = [(0, min(offset for offset, _ in parts))] + parts

    def place(self, align=1):
        start, length = self.random.choice(self.parts)
        place = start + self.random.randrange(length)
        return min(place, len(self.state) - 8) & -align

    def flip_bit(self):
        self.state[self.place()] ^= 1 << self.random.randrange(8)

    def put_number(self, size, number):
        place = self.place(size)
        self.state[place : place + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def odd_number(self):
        self.put_number(self.random.choice([4, 8]), self.random.choice(ODD_NUMBERS))

    def other_number(self):
        place = self.place(8)
        number = int.from_bytes(self.state[place : place + 8], "little")
        number += self.random.choice([-(1 << 20), -4096, -8, -1, 1, 8, 4096, 1 << 20])
        self.state[place : place + 8] = (number & ((1 << 64) - 1)).to_bytes(8, "little")

    def copy(self):
        source, target, length = self.place(), self.place(), self.random.randrange(1, 64)
        piece = self.state[source : source + length]
        self.state[target : target + len(piece)] = piece

    def other_length(self):
        place, length = self.place(), self.random.choice([1, 4, 8, 16, 24, 100])
        if self.random.random() < 0.5:
            del self.state[place : place + length]
        else:
            self.state[place:place] = bytes(length)
        if self.random.random() < 0.8:
            self.state[SIZE_OFFSET : SIZE_OFFSET + 8] = struct.pack("<Q", len(self.state))

    def result(self):
        changes = [self.flip_bit] * 3 + [self.odd_number] * 4 + [self.other_number, self.copy, self.other_length]
        for _ in range(self.random.choice([1, 1, 1, 2, 4, 16])):
            if len(self.state) >= HEADER.size:
                self.random.choice(changes)()
        self.state[CRC_OFFSET : CRC_OFFSET + 4] = bytes(4)
        self.state[CRC_OFFSET : CRC_OFFSET + 4] = struct.pack("<I", crc32c(self.state))
        return bytes(self.state)


class Thaw:
    """One process that thaws."""

    def __init__(self, vkernel, save, scratch):
        self.dir = os.path.join(scratch, "run")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        command = [vkernel, "seccomp=on", f"uml_dir={self.dir}/", "umid=it", "con=null", "con0=null,fd:1"]
        self.process = subprocess.Popen(
            command + [f"thaw={save}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.output = b""

    def says(self, pattern):
        """Read until a line is there or the process has ended; None after too long a time."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not re.search(pattern, self.output, re.M):
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                self.process.wait()
                return False
            self.output += data
        return True

    def answers(self):
        """Does it reply, or is it at least there without having ended?"""
        try:
            error, _ = mconsole.ask(os.path.join(self.dir, "it", "mconsole"), "version", [], LIMIT_SECONDS)
        except OSError:
            return False
        return not error

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def judge(thaw, same_memory):
    """Return what came of it, and whether that is good."""
    runs = thaw.says(rb"^thaw: phases ")
    if runs is None:
        return "hangs", False
    if runs:
        if thaw.answers():
            return "goes on", True
        return "goes on and ends", not same_memory
    status = thaw.process.returncode
    if status in (1, 3) and re.search(rb"^thaw: .", thaw.output, re.M):
        return ("refused", "failed")[status == 1], True
    return f"ends with status {status}", not same_memory and status > 0


def main():
    vkernel, save, scratch, count = sys.argv[1:5]
    seed = sys.argv[5] if len(sys.argv) > 5 else "1"
    with open(os.path.join(save, "state"), "rb") as file:
        good = file.read()
    bad = os.path.join(scratch, "mutated")
    os.mkdir(bad)
    os.symlink(os.path.join(save, "memory"), os.path.join(bad, "memory"))
    results, harm = collections.Counter(), 0
    for number in range(int(count)):
        state = Mutator(good, f"{seed} {number}").result()
        with open(os.path.join(bad, "state"), "wb") as file:
            file.write(state)
        thaw = Thaw(vkernel, bad, scratch)
        result, is_good = judge(thaw, extents(state) == extents(good))
        thaw.end()
        results[result] += 1
        if not is_good:
            harm += 1
            shutil.copy(os.path.join(bad, "state"), os.path.join(scratch, f"harmful-{number}"))
            print(f"# {number}: {result}")
            print("\n".join("#   " + line for line in thaw.output.decode(errors="replace").splitlines()))
    print(f"# seed {seed}: " + ", ".join(f"{n} {result}" for result, n in sorted(results.items())))
    return 1 if harm else 0


if __name__ == "__main__":
    sys.exit(main())
