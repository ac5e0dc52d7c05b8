#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest in test-disk.sh: writes to both disks and checks what it reads until the host
# says "cad"; then they are unmounted and checked, and the guest halts.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
here=${0%/*}

halt_guest() {
	echo "guest: $1"
	sync
	echo o >/proc/sysrq-trigger
	exec sleep infinity
}
trap 'halt_guest FAILED' ERR

mount -t proc proc /proc
mount -t tmpfs scratch /mnt
mount -t devtmpfs dev /dev 2>/dev/null || true
exec >/dev/console 2>&1
writers=()
for disk in ubda ubdb; do
	mkdir "/mnt/$disk"
	mount -t ext4 "/dev/$disk" "/mnt/$disk"
	"$here/disk-writer.py" "/mnt/$disk" /mnt/enough "$disk" &
	writers+=($!)
done
# The console's "cad" is SIGINT for PID 1. It interrupts the first wait.
echo 0 >/proc/sys/kernel/ctrl-alt-del
trap 'touch /mnt/enough' INT
wait "${writers[0]}" || [[ -e /mnt/enough ]]
wait "${writers[0]}"
wait "${writers[1]}"
umount /mnt/ubda /mnt/ubdb
e2fsck -fn /dev/ubda
e2fsck -fn /dev/ubdb
halt_guest "disks are good"
