#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Static analysis of the programs by clang-tidy, which needs to know how they are compiled.

Usage: tidy.py BUILD-DIRECTORY, which has been built: ninja knows from it what each source includes.

What was clean is not analysed again until the source, anything that it includes, its compiler's
options, the checks or clang-tidy itself change. The user's cache keeps a key of all that for each
source that was clean the last time.
Prints the findings; ends with 1 if there are any.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = ("launcher", "xproxy", "vksession", "pm-hooks", "desktop")
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                     "vksession", "clang-tidy")


@functools.lru_cache(maxsize=None)
def digest_of_file(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def included_by_object(build):
    """The files that each object was made of, by the object's path, as ninja recorded them."""
    included, current = {}, None
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    for line in listing.splitlines():
        if line.startswith("    "):
            current.append(os.path.normpath(os.path.join(build, line.strip())))
        elif ": #deps" in line:
            current = included.setdefault(line.split(": #deps")[0], [])
    return included


def commands_of_programs(build):
    """One command of those that compile each source of the programs, by the source's path."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    chosen = {}
    for command in commands:
        path = os.path.normpath(os.path.join(command["directory"], command["file"]))
        if os.path.relpath(path, TOP).split(os.sep)[0] in PROGRAMS:
            chosen.setdefault(path, command)
    return chosen


def key_of(common, command, files):
    state = hashlib.sha256((common + command["command"]).encode())
    for path in sorted(set(files)):
        state.update((path + digest_of_file(path)).encode())
    return state.hexdigest()


def analyse(build, path):
    """The findings in a source, "" if it is clean."""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", build, path], text=True, cwd=TOP,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return "" if run.returncode == 0 else run.stdout or run.stderr


def remembered():
    try:
        with open(CACHE, encoding="ascii") as file:
            return set(file.read().split())
    except FileNotFoundError:
        return set()


def remember(keys):
    os.makedirs(os.path.dirname(CACHE), mode=0o700, exist_ok=True)
    new = f"{CACHE}.{os.getpid()}"
    with open(new, "w", encoding="ascii") as file:
        file.write("\n".join(sorted(keys)) + "\n")
    os.rename(new, CACHE)


def main():
    build = os.path.abspath(sys.argv[1])
    version = subprocess.run(["clang-tidy", "--version"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    common = version + digest_of_file(os.path.join(TOP, ".clang-tidy"))
    included = included_by_object(build)
    keys = {path: key_of(common, command, included[command["output"]])
            for path, command in commands_of_programs(build).items()}
    clean = remembered()
    unknown = sorted(path for path, key in keys.items() if key not in clean)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = dict(zip(unknown, pool.map(functools.partial(analyse, build), unknown)))
    remember(key for path, key in keys.items() if not findings.get(path))
    print(f"{len(unknown)} of {len(keys)} sources analysed", "".join(findings.values()), sep="\n")
    return any(findings.values())


if __name__ == "__main__":
    sys.exit(main())
