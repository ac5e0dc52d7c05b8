#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest in test-console.sh whose second console is opened again after each hangup, as by
# a getty. What is typed there is answered with itself.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

echo_lines() {
	stty -echo
	echo "guest: tty1 opened $1" >/dev/console
	while read -r line; do echo "guest: <$line>"; done
}
export -f echo_lines

mount -t proc proc /proc
exec >/dev/console 2>&1
for ((i = 1; ; i++)); do
	setsid --ctty --wait bash -c "echo_lines $i" <>/dev/tty1 >&0 2>&0
done
