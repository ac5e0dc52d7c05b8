#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest in test-xstate.sh: keeps values in registers; when the host says "cad", the
# program in a signal handler goes on, and others use all the registers that there are.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
exec >/dev/console 2>&1
holder=$(grep -o 'holder=[^ ]*' /proc/cmdline)
holder=${holder#*=}
echo 0 >/proc/sys/kernel/ctrl-alt-del
"$holder" avx 100 &
first=$!
go_on() {
	kill -USR2 "$first"
	"$holder" avx512 100 &
	"$holder" avx512 100 &
}
trap go_on INT
coproc { cat; } # something to wait for
: "${COPROC_PID}"
while :; do wait; done
