#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of a guest that sets its clock an hour back and tells the time when it is asked.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# See init-idle.sh.
mount() {
	setpriv --no-new-privs mount "$@"
}
mount -t proc proc /proc
exec >/dev/console 2>&1
date -s '1 hour ago' >/dev/null
# The console's "cad" is SIGINT for PID 1.
echo 0 >/proc/sys/kernel/ctrl-alt-del
trap 'echo "guest: time $(date +%s)"' INT
coproc { cat; } # something to wait for
: "${COPROC_PID}"
echo "guest: booted"
while :; do wait; done
