#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One process on each CPU that sleeps, works, and counts in a file: cpus.py DIRECTORY"""
import os
import sys
import time


def count(directory, cpu):
    os.sched_setaffinity(0, {cpu})
    number = 0
    with open(os.path.join(directory, str(cpu)), "w", encoding="ascii") as file:
        while True:
            number += 1
            file.seek(0)
            file.write(f"{number}\n")
            file.flush()
            time.sleep(0.02)
            sum(range(20000))


def main():
    directory = sys.argv[1]
    os.makedirs(directory)
    for cpu in sorted(os.sched_getaffinity(0)):
        if os.fork() == 0:
            os.setsid()
            for fd in range(3):
                os.close(fd)
            count(directory, cpu)


main()
