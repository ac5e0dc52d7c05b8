#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Send one request to a vkernel's management console and print the reply.

    mconsole.py SOCKET REQUEST [DESCRIPTOR]

The descriptor of that number, if there is one, is passed with the request.
Exit status: 0, or 1 if the reply says that it is an error.
"""
import os
import socket
import struct
import sys
import tempfile

MAGIC = 0xCAFEBABE
VERSION = 2
MAX_DATA = 512


def ask(path, text, descriptors=(), limit=None):
    """Return (error, reply); TimeoutError if there is no reply for so many seconds."""
    request = text.encode()
    with tempfile.TemporaryDirectory() as scratch:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(os.path.join(scratch, "reply"))
            packet = struct.pack("<IiI", MAGIC, VERSION, len(request)) + request
            sock.settimeout(limit)
            sock.connect(path)
            socket.send_fds(sock, [packet.ljust(12 + MAX_DATA, b"\0")], list(descriptors))
            reply = b""
            more = 1
            while more:
                data = sock.recv(65536)
                error, more, length = struct.unpack_from("<iii", data)
                reply += data[12 : 12 + length].rstrip(b"\0")
    return error, reply.decode(errors="replace")


def main():
    error, reply = ask(sys.argv[1], sys.argv[2], [int(fd) for fd in sys.argv[3:]])
    print(reply)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
