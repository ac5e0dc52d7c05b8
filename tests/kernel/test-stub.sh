#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The processes that programs run in end with their kernel, also if it is killed while it starts one:
# the first of a boot, and the first of a thaw.
CPUS=1 # of whose threads the first starts all processes
. "$(dirname "$0")/guest.bash"
: "${ORPHAN_STUB:?names the program orphan-stub}"

save_one() {
	guest_boot first init-idle.sh
	guest_says first 'guest: booted'
	guest_save_and_kill first save
}

# alone NAME FUNCTION ARGUMENT...
alone() {
	runner=$ORPHAN_STUB "${@:2}"
	guest_ends "$1" 0
}

step "a process of a booting kernel that is killed ends" \
	alone boot guest_boot boot init-idle.sh
step "a save of a guest" save_one
step "a process of a thawing kernel that is killed ends" alone thaw guest_thaw thaw save
finish
