#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves what a vkernel remembers of its host's clock: move-clock.py PID VKERNEL NANOSECONDS"""
import struct
import subprocess
import sys

SYMBOL = "host_clock_offset"  # s64, in arch/um/kernel/time.c

pid, vkernel, nanoseconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
symbols = subprocess.run(["nm", vkernel], check=True, capture_output=True, text=True).stdout
[address] = [int(words[0], 16) for words in map(str.split, symbols.splitlines())
             if len(words) == 3 and words[2] == SYMBOL]
with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
    memory.seek(address)
    [offset] = struct.unpack("q", memory.read(8))
    if not offset:
        sys.exit("the vkernel has not looked at the host's clock yet")
    memory.seek(address)
    memory.write(struct.pack("q", offset - nanoseconds))
