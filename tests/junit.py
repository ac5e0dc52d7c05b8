#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Says what came of the tests of a JUnit file: junit.py FILE

The first line is "PASSED FAILED SKIPPED"; then, for each test that failed, its name and the lines of
its program's output that tell why, so that the end of a long log tells it too.
"""
import re
import sys
import xml.etree.ElementTree as xml

MAX_REASONS = 8
REASON = re.compile(r"^(# )?.*(\berror:|\bERROR\b|\bWRONG\b|^not ok )")


def reasons(suite):
    text = "\n".join(part.text or "" for part in suite.iter() if part.tag.startswith("system-"))
    return [line for line in text.splitlines() if REASON.search(line)][:MAX_REASONS]


def has_failed(test):
    return test.find("failure") is not None or test.find("error") is not None


def main():
    passed = failed = skipped = 0
    lines = []
    for suite in xml.parse(sys.argv[1]).getroot().iter("testsuite"):
        tests = list(suite.iter("testcase"))
        bad = [test for test in tests if has_failed(test)]
        skip = sum(test.find("skipped") is not None for test in tests)
        # A program that ended too early is an error of the suite, not of a test.
        lost = max(0, int(suite.get("failures", 0)) + int(suite.get("errors", 0)) - len(bad))
        passed += len(tests) - len(bad) - skip
        failed += len(bad) + lost
        skipped += skip
        lines += [f"FAILED {test.get('classname')}: {test.get('name')}" for test in bad]
        if bad or lost:
            lines += [f"    {line}" for line in reasons(suite) or [suite.get("name")]]
    print(passed, failed, skipped)
    print("\n".join(lines))


main()
