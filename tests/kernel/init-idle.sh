#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of a guest that does nothing but tell how it was booted.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# In a user namespace the host's root is nobody here, and mount(8), which is setuid, would be too.
mount() {
	setpriv --no-new-privs mount "$@"
}
mount -t proc proc /proc
exec >/dev/console 2>&1
echo "guest: booted with $(cat /proc/cmdline)"
# With deleted=DIRECTORY of the host, it has a file there open that was deleted.
if read -r deleted < <(grep -o 'deleted=[^ ]*' /proc/cmdline); then
	mount -t hostfs -o "${deleted#*=}" none /mnt
	exec 9<>/mnt/deleted
	seq 1000 >&9
	rm /mnt/deleted
fi
# The console's "cad" is SIGINT for PID 1.
echo 0 >/proc/sys/kernel/ctrl-alt-del
trap 'echo "guest: alive"' INT
coproc { cat; } # something to wait for
: "${COPROC_PID}"
while :; do wait; done
