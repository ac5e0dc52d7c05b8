#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Print what comes to UDP port 7777, and answer it."""
import socket


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 7777))
        while True:
            data, peer = sock.recvfrom(1000)
            print(data.decode(), flush=True)
            sock.sendto(b"heard", peer)


if __name__ == "__main__":
    main()
