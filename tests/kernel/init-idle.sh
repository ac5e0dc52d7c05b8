#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of a guest that does nothing but tell how it was booted.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
exec >/dev/console 2>&1
echo "guest: booted with $(cat /proc/cmdline)"
# The console's "cad" is SIGINT for PID 1.
echo 0 >/proc/sys/kernel/ctrl-alt-del
trap 'echo "guest: alive"' INT
coproc { cat; } # something to wait for
: "${COPROC_PID}"
while :; do wait; done
