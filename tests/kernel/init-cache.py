#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PID 1 of a guest that has read files of the host, from files=DIRECTORY below a writable overlay.

Each is full of its own name. "open" stays open, "mapped" is mapped, of which only the first page is
touched. hostfs itself keeps nothing of "closed", but the overlay keeps hostfs's inode. Each SIGINT (the console's "cad") makes it look at all of them again.
"""
import mmap
import os
import re
import signal
import subprocess

CAD_OFF = "/proc/sys/kernel/ctrl-alt-del"


def mount(*arguments):
    """Without privileges: in a user namespace of the host, mount(8) would be nobody here."""
    subprocess.run(["/usr/bin/setpriv", "--no-new-privs", "/usr/bin/mount", *arguments], check=True)


def is_full_of(pieces, name):
    line = name.encode() + b"\n"
    content = b"".join(pieces)
    return len(content) > 0 and content == line * (len(content) // len(line))


def read(file):
    file.seek(0)
    return iter(lambda: file.read(1 << 20), b"")


def mount_files():
    with open("/proc/cmdline", encoding="ascii") as file:
        mount("-t", "hostfs", "-o", re.search("files=([^ ]*)", file.read())[1], "none", "/mnt")
    mount("-t", "tmpfs", "none", "/srv")
    for name in "upper", "work", "files":
        os.mkdir(f"/srv/{name}")
    mount("-t", "overlay", "-o", "lowerdir=/mnt,upperdir=/srv/upper,workdir=/srv/work", "none", "/srv/files")
    os.chdir("/srv/files")


def main():
    mount("-t", "proc", "proc", "/proc")
    mount_files()
    with open(CAD_OFF, "w", encoding="ascii") as file:
        file.write("0")
    console = os.open("/dev/console", os.O_WRONLY)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    stays_open = open("open", "rb", buffering=0)
    with open("mapped", "rb", buffering=0) as file:
        is_full_of(read(file), "mapped")
        mapped = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    first = mapped[0]
    os.write(console, b"guest: booted\n")
    while True:
        signal.sigwait([signal.SIGINT])
        with open("closed", "rb", buffering=0) as file:
            well = [is_full_of(read(file), "closed"), is_full_of(read(stays_open), "open")]
        # the others are for the saves of a guest that has not looked at what is mapped
        if os.path.exists("/mnt/look"):
            well.append(is_full_of([mapped[:]], "mapped") and mapped[0] == first)
        os.write(console, b"guest: files %s\n" % (b"well" if all(well) else repr(well).encode()))


main()
