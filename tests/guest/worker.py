#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A program with much that a save must keep: threads, a TCP connection, an open file, a transaction.

worker.py serve DIR   runs for ever, with its files in DIR
worker.py ask WORD    asks the running one: status, commit, quit; prints its answer (JSON)
"""

import json
import os
import socket
import sqlite3
import sys
import threading
import time

ADDRESS = "/tmp/worker.socket"  # in the guest's own /tmp
THREADS = 3
STEP = 0.02


class Worker:
    """What the threads share. Each thread writes only its own entries."""

    def __init__(self, directory):
        self.directory = directory
        self.errors = []
        self.counts = [0] * THREADS
        self.tids = [0] * THREADS
        self.sent = 0
        self.received = 0
        self.lines = 0
        self.longest_step = 0.0

    def count(self, index):
        """Counts in thread-local data and compares it with the shared count."""
        local = threading.local()
        local.value = 0
        self.tids[index] = threading.get_native_id()
        while True:
            local.value += 1
            if self.counts[index] != local.value - 1:
                self.errors.append(f"thread {index}: {self.counts[index]} is not {local.value - 1}")
            self.counts[index] = local.value
            time.sleep(STEP)

    def echo(self, listener):
        """The server's end of the TCP connection: sends back what it gets."""
        connection, _ = listener.accept()
        while data := connection.recv(4096):
            connection.sendall(data)
        self.errors.append("tcp: the server's end was closed")

    def talk(self, address):
        """The client's end: a sequence of numbers must come back as it was sent."""
        stream = socket.create_connection(address).makefile("rwb")
        while True:
            self.sent += 1
            stream.write(b"%d\n" % self.sent)
            stream.flush()
            answer = stream.readline()
            if answer != b"%d\n" % self.sent:
                self.errors.append(f"tcp: sent {self.sent}, got {answer!r}")
                return
            self.received += 1
            time.sleep(STEP)

    def write_journal(self):
        """Appends to one file that stays open; checks what it wrote through a second descriptor."""
        path = os.path.join(self.directory, "journal")
        with open(path, "w") as out, open(path) as check:
            while True:
                self.lines += 1
                out.write(f"line {self.lines}\n")
                out.flush()
                line = check.readline()
                if line != f"line {self.lines}\n":
                    self.errors.append(f"journal: wrote line {self.lines}, read {line!r}")
                    return
                time.sleep(STEP)

    def watch_clock(self):
        """The longest step of the monotonic clock between two looks at it."""
        last = time.monotonic()
        while True:
            time.sleep(STEP)
            now = time.monotonic()
            self.longest_step = max(self.longest_step, now - last)
            if now < last:
                self.errors.append("the monotonic clock went back")
            last = now

    def start(self):
        listener = socket.create_server(("127.0.0.1", 0))
        targets = [(self.count, (i,)) for i in range(THREADS)]
        targets += [
            (self.echo, (listener,)),
            (self.talk, (listener.getsockname(),)),
            (self.write_journal, ()),
            (self.watch_clock, ()),
        ]
        for target, arguments in targets:
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def status(self, database):
        return {
            "pid": os.getpid(),
            "tids": self.tids,
            "counts": self.counts,
            "sent": self.sent,
            "received": self.received,
            "lines": self.lines,
            "rows": database.execute("select count(*) from notes").fetchone()[0],
            "in_transaction": database.in_transaction,
            "monotonic": time.monotonic(),
            "realtime": time.time(),
            "longest_step": self.longest_step,
            "errors": self.errors,
        }


def serve(directory):
    database = sqlite3.connect(os.path.join(directory, "notes.sqlite"), isolation_level=None)
    database.execute("create table notes (text)")
    database.execute("begin immediate")
    database.executemany("insert into notes values (?)", [(f"note {i}",) for i in range(100)])

    worker = Worker(directory)
    worker.start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(ADDRESS)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                word = connection.recv(100).decode()
                if word == "commit":
                    database.execute("insert into notes values ('after')")
                    database.execute("commit")
                connection.sendall(json.dumps(worker.status(database)).encode())
                if word == "quit":
                    return


def ask(word):
    deadline = time.monotonic() + 20
    while True:
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(ADDRESS)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(STEP)
    with connection:
        connection.sendall(word.encode())
        answer = b""
        while data := connection.recv(65536):
            answer += data
    print(answer.decode())


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](sys.argv[2])
