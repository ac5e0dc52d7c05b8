#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who wants to get at a session: other-user.py VKERNEL-PID MEMORY-DIR STORE REQUEST

The working directory is the session's runtime directory. Prints what could be done, as JSON: by
name, true if it worked.
"""

import json
import os
import socket
import struct
import sys

PATIENCE_S = 20
HELLO = struct.pack("<IHH", 0, 1, 0)
MCONSOLE_MAGIC = 0xcafebabe
NOTIFY_USER = 3


def works(function):
    try:
        return bool(function())
    except OSError:
        return False


def answers(path, request):
    """Whether a stream says anything, rather than being closed."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE_S)
        client.connect(path)
        client.sendall(request)
        return client.recv(1)


def console_answers():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE_S)
        client.bind("")
        client.connect("uml/mconsole")
        command = b"version"
        client.send(struct.pack("<III", MCONSOLE_MAGIC, 2, len(command)) + command)
        error, = struct.unpack_from("<I", client.recv(4096))
        return error == 0


def notify(request):
    """Tells the launcher that a program of the guest asks for something."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.connect("notify.sock")
        text = request.encode() + b"\0"
        return client.send(struct.pack("<IIII", MCONSOLE_MAGIC, 2, NOTIFY_USER, len(text)) + text)


def opens(path):
    with open(path, "rb"):
        return True


def main():
    vkernel, memory, store, request = int(sys.argv[1]), *sys.argv[2:5]
    attempts = {
        "control": lambda: answers("control.sock", HELLO),
        "display": lambda: answers("display.sock", b"not a client of this kind" * 4),
        "console": console_answers,
        "notify": lambda: notify(request),
        "runtime": lambda: os.listdir("."),
        "memory": lambda: os.listdir(memory),
        "store": lambda: os.listdir(store),
        "vkernel's memory": lambda: opens(f"/proc/{vkernel}/mem"),
        "vkernel's files": lambda: os.listdir(f"/proc/{vkernel}/fd"),
        "signal": lambda: os.kill(vkernel, 0) is None,
    }
    print(json.dumps({name: works(function) for name, function in attempts.items()}))


main()
