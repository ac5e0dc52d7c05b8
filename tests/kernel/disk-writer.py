#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write to a file system and check what is read, until a file appears.

    disk-writer.py DIRECTORY END_FILE NAME

Each round writes some files through the cache, past it, or with fsync, removes some, and compares
others with what they must hold. The contents follow from the name of the file.
"""
import hashlib
import os
import random
import sys

FILES = 40
MAX_BLOCKS = 48
BLOCK = 4096


def content(name, generation, blocks):
    seed = f"{name} {generation} ".encode()
    return b"".join(
        hashlib.sha256(seed + str(i).encode()).digest() * (BLOCK // 32) for i in range(blocks)
    )


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
        if random.random() < 0.3:
            file.flush()
            os.fsync(file.fileno())


def check(path, data):
    with open(path, "rb") as file:
        if random.random() < 0.5:  # from the disk, not from the cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if file.read() != data:
            sys.exit(f"guest: {path} has changed")


def main():
    directory, end, name = sys.argv[1:]
    state = {}
    rounds = 0
    while not os.path.exists(end):
        number = random.randrange(FILES)
        path = os.path.join(directory, f"file{number}")
        action = random.random()
        if action < 0.5:
            state[path] = (rounds, random.randrange(1, MAX_BLOCKS))
            write(path, content(path, *state[path]))
        elif path in state and action < 0.6:
            os.unlink(path)
            del state[path]
        elif path in state:
            check(path, content(path, *state[path]))
        rounds += 1
        if rounds % 50 == 0:
            print(f"guest: {name} round {rounds}", flush=True)
    os.sync()
    for path, what in state.items():
        check(path, content(path, *what))
    print(f"guest: {name} {rounds} rounds, {len(state)} files are right", flush=True)


if __name__ == "__main__":
    main()
