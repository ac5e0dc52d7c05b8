#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of a guest that runs a program, tells its exit status and halts.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t tmpfs scratch /mnt
exec >/dev/console 2>&1 </dev/null
status=0
$PROGRAM || status=$?
echo "guest: status $status"
echo o >/proc/sysrq-trigger
exec sleep infinity
