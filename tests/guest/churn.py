#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory at work: churn.py FILE MIB

Keeps MIB of blocks that each know their number and their age, changes some and checks some all the
time, and tells in FILE (replaced as a whole): steps done, blocks that were found wrong.
"""

import errno
import os
import random
import struct
import sys
import time

BLOCK = 4096
PER_STEP = 24


def content(number, age):
    return struct.pack("<QQ", number, age) * (BLOCK // 16)


def tell(path, steps, wrong):
    try:
        with open(path + ".new", "w") as file:
            file.write(f"{steps} {wrong}\n")
        os.rename(path + ".new", path)
    except OSError as error:
        # Saved between the two: when it goes on from there, the host has renamed the file already.
        if error.errno not in (errno.ESTALE, errno.ENOENT):
            raise


def main():
    path, mib = sys.argv[1], int(sys.argv[2])
    count = mib * (1 << 20) // BLOCK
    memory = bytearray(count * BLOCK)
    ages = [0] * count
    for number in range(count):
        memory[number * BLOCK:(number + 1) * BLOCK] = content(number, 0)
    steps = wrong = 0
    while True:
        steps += 1
        for _ in range(PER_STEP):
            number = random.randrange(count)
            start = number * BLOCK
            if memory[start:start + BLOCK] != content(number, ages[number]):
                wrong += 1
            ages[number] += 1
            memory[start:start + BLOCK] = content(number, ages[number])
        tell(path, steps, wrong)
        time.sleep(0.02)


main()
