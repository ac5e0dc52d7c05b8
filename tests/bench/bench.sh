#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the benchmark on a build directory with its stage. Arguments: build directory, then bench's own.
build=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd -P)
export VKSESSION=$build/stage/bin/vksession
export VKSESSION_TEST_GUEST=$top/tests/guest
export VKSESSION_TEST_OUTPUT=$build/test-output
export VKSESSION_TEST_TICKER=$build/tests/bench/ticker
export VKSESSION_TEST_STOPWATCH=$build/tests/bench/stopwatch
export VKSESSION_TEST_LOADS=$build/tests/bench/loads
VKSESSION_COMMIT=$(git -C "$top" describe --always --dirty 2>/dev/null || echo unknown)
export VKSESSION_COMMIT
exec "$build/tests/bench/bench" "$@"
