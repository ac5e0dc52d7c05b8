#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# System calls that a sandbox traps look to its handler as on any other machine.
. "$(dirname "$0")/guest.bash"
: "${SECCOMP_TRAP:?names the program seccomp-trap}"

on_the_host() {
	"$SECCOMP_TRAP"
}

in_the_guest() {
	guest_boot trap init-run.sh "PROGRAM=$SECCOMP_TRAP"
	guest_says trap 'guest: status 0'
	guest_ends trap 0
}

step "the program is content with the host" on_the_host
step "and with the guest" in_the_guest
finish
