#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Uses memory and leaves it to a process in the background: fill.py MEGABYTES"""
import os
import signal
import sys

content = os.urandom(1 << 20) * int(sys.argv[1])
if os.fork() == 0:
    os.setsid()
    for fd in range(3):
        os.close(fd)
    while content:
        signal.pause()
