#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sleeper.py FILE SECONDS: sleeps once, then writes how long that was by the monotonic clock."""

import os
import sys
import time

path, seconds = sys.argv[1], float(sys.argv[2])
with open(path + ".asleep", "w") as note:
    note.write(f"{os.getpid()}\n")
start = time.monotonic()
time.sleep(seconds)
slept = time.monotonic() - start
with open(path + ".part", "w") as result:
    result.write(f"{slept:.3f}\n")
os.rename(path + ".part", path)
