#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the soak test. Arguments: build directory, seconds (3600), milliseconds between two things
# that happen to the session (10000), seed.
build=$1
top=$(cd "$(dirname "$0")/../.." && pwd -P)
export VKSESSION=$build/stage/bin/vksession
export VKSESSION_TEST_GUEST=$top/tests/guest
export VKSESSION_TEST_OUTPUT=$build/test-output
export SOAK_SECONDS=${2:-3600} SOAK_EVERY_MS=${3:-10000} SOAK_SEED=${4:-1}
exec "$build/tests/soak/soak"
