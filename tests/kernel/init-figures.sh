#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of a guest that tells how long loads take, with um_fault_around on and off in turns.
# LOADS and STOPWATCH name the programs of tests/bench.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs scratch /mnt
mkdir /mnt/{upper,work,root}
# A session's root: the overlay keeps the pages of files that nobody has open.
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
mount -t proc proc /mnt/root/proc
mount -t sysfs sys /mnt/root/sys
mount -t devtmpfs dev /mnt/root/dev
exec >/dev/console 2>&1 </dev/null
for round in 1 2 3; do
	for pages in 16 1; do
		echo $pages >/mnt/root/sys/module/kernel/parameters/um_fault_around
		echo "round $round pages $pages: $(chroot /mnt/root "$FIGURES" "$LOADS" "$STOPWATCH")"
	done
done
echo "guest: status 0"
echo o >/mnt/root/proc/sysrq-trigger
exec sleep infinity
