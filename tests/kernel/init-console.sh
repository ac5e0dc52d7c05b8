#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest in test-console.sh: a dialog on the first console, whose answer is told on the
# second, and programs that answer each line with itself on the second console and a serial line.
# The dialog is started when those are ready.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin

echo_lines() {
	stty -echo
	echo ready >/mnt/ready
	while read -r line; do echo "guest: <$line>"; done
}
export -f echo_lines

mount -t proc proc /proc
mount -t tmpfs scratch /mnt
mount -t devtmpfs dev /dev 2>/dev/null || true
mkfifo /mnt/ready
exec 3<>/mnt/ready
for line in ${ECHO_ON//,/ }; do
	setsid --ctty bash -c echo_lines <>"/dev/$line" >&0 2>&0 3>&- &
	read -r _ <&3
done
exec 3>&-
while :; do
	setsid --ctty --wait dialog --title "After a thaw" --menu "Which one?" 14 44 5 \
		1 first 2 second 3 third 4 fourth 5 fifth <>/dev/tty0 >&0 2>/mnt/choice || true
	[[ -s /mnt/choice ]] || break
	echo "chosen: $(cat /mnt/choice)" >/dev/tty0
	read -r _ </dev/tty0
done
echo o >/proc/sysrq-trigger
exec sleep infinity
