#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest in test-network.sh.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
"$MOUNT" -t proc proc /proc
"$MOUNT" -t sysfs sys /sys
exec >/dev/console 2>&1 </dev/null
ip address add "$ADDRESS/24" dev vec0
ip link set vec0 up
exec "${0%/*}/net-beacon.py" "$PEER" vec0
