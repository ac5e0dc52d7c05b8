#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A program that tries to get out of its guest: hostile.py DISPLAY-SOCKET BUS-SOCKET SECRET-FILE TCP-PORT

Prints what it could do, as JSON: by name, true if it worked.
"""

import json
import os
import socket
import sys


def works(function):
    try:
        function()
    except OSError:
        return False
    return True


def connect(address):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)


def write(path):
    with open(path, "a") as file:
        file.write("x")


def connect_tcp(host, port):
    socket.create_connection((host, port), 3).close()


def main():
    display, bus, secret, tcp_port = sys.argv[1:5]
    attempts = {
        "read a file of root's": lambda: open("/etc/shadow", "rb").read(),
        "read a file of mode 0": lambda: open(secret, "rb").read(),
        "write to /etc": lambda: write("/etc/vksession-hostile"),
        "write to /usr": lambda: write("/usr/vksession-hostile"),
        "the host's X server, by path": lambda: connect(display),
        "the host's X server, by abstract name": lambda: connect("\0" + display),
        "the host's session bus": lambda: connect(bus),
        "the host's system bus": lambda: connect("/run/dbus/system_bus_socket"),
        "the host's loopback": lambda: connect_tcp("10.0.2.2", int(tcp_port)),
        "see the host's processes": lambda: os.kill(os.getppid() + 100000, 0),
        "write to the home directory": lambda: write(os.path.expanduser("~/hostile")),
    }
    print(json.dumps({name: works(function) for name, function in attempts.items()}))


main()
