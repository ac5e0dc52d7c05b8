#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ledger.py FILE...: keeps a count in memory and in files, which must always agree.

What it finds to disagree is told in FILE.wrong of the first file, and ends it. Each file is read
back from its disk, if it is on one, not from the guest's cache.
"""

import os
import sys
import time

STEP = 0.005

count = 0
books = [os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for path in sys.argv[1:]]
while True:
    for book in books:
        os.fsync(book)
        os.posix_fadvise(book, 0, 0, os.POSIX_FADV_DONTNEED)
        text = os.pread(book, 64, 0).decode()
        if text != (f"{count}\n" if count else ""):
            with open(sys.argv[1] + ".wrong", "w") as wrong:
                wrong.write(f"memory has {count}, file {books.index(book)} has {text}")
            sys.exit(1)
    count += 1
    for book in books:
        os.pwrite(book, f"{count}\n".encode(), 0)
    time.sleep(STEP)
