#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What filling pages around a write fault brings, on one CPU: three rounds in the same guest with
# 16 pages and with one, then the host. Microseconds, the best of some runs each. Not a test: for a
# quiet machine, or as root with `nice -n -15`.
#
#   VKERNEL=BINARY BUILD=BUILD-DIRECTORY tests/kernel/figures.sh
. "$(dirname "$(readlink -f "$0")")/guest.bash"
: "${BUILD:?names a build directory of the project}"
loads=$(readlink -f "$BUILD/tests/bench/loads")
stopwatch=$(readlink -f "$BUILD/tests/bench/stopwatch")

taskset -cp "$(($(nproc) - 1))" $$ >/dev/null
guest_boot figures init-figures.sh mem=512M "LOADS=$loads" "STOPWATCH=$stopwatch" \
	"FIGURES=$here/figures-one.sh"
guest_says figures 'guest: status 0'
grep -a '^round' "$scratch/figures.log"
guest_ends figures 0
printf 'host: '
PATH=/usr/bin:/bin "$here/figures-one.sh" "$loads" "$stopwatch"
