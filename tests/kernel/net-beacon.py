#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tell a peer over and over how the network looks from here.

    net-beacon.py ADDRESS INTERFACE

Sends "MAC how-often-the-link-was-lost heard-from-the-peer" to port 7777; the peer answers.
"""
import socket
import sys
import time


def attribute(interface, name):
    with open(f"/sys/class/net/{interface}/{name}", encoding="ascii") as file:
        return file.read().strip()


def main():
    address, interface = sys.argv[1:]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(0.1)
    heard = 0
    while True:
        text = f"{attribute(interface, 'address')} {attribute(interface, 'carrier_down_count')} {heard}"
        try:
            sock.sendto(text.encode(), (address, 7777))
            sock.recv(100)
            heard += 1
            time.sleep(0.05)
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
