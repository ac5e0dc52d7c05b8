#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A live save copies most of the memory while the guest runs: whatever is written meanwhile is seen.
# The kernel compares all that it believes to have copied with the memory while the guest is stopped,
# and is seen to fail if it does not look at what programs write. Where it can't know what was
# written, the guest waits as long as everything is written.
. "$(dirname "$0")/guest.bash"
: "${MEMORY_WRITER:?names the program memory-writer}"

# boot NAME PARAMETER...
boot() {
	guest_boot "$1" init-run.sh "PROGRAM=$MEMORY_WRITER" um_ckpt.verify=1 "${@:2}"
	guest_says "$1" 'writer: round'
}

# The programs go on from here on, and find nothing wrong: writes_on NAME
writes_on() {
	: >"$scratch/$1.log"
	guest_says "$1" 'writer: round'
	if grep -a BAD "$scratch/$1.log"; then return 1; fi
}

saves() {
	local i
	boot writer um_ckpt.live=1
	for i in 1 2 3; do
		guest_save writer "live$i"
		writes_on writer
	done
	guest_kill writer
}

thaws() {
	guest_thaw thawed "$1"
	guest_says thawed '^thaw: phases'
	writes_on thawed
}

saves_again() {
	guest_save thawed again
	guest_kill thawed
	thaws again
	guest_kill thawed
}

sees_what_is_missed() {
	boot blind um_ckpt.live=1 um_ckpt.blind=1 ALONE=1
	mkdir "$scratch/missed"
	# On a busy host the program may have had no turn while the memory was copied.
	while mconsole blind "save $scratch/missed" >"$scratch/reply"; do
		rm "$scratch"/missed/*
	done
	grep -q '^errno=117 step=verify ' "$scratch/reply" || fail "$(<"$scratch/reply")"
	[[ ! $(ls "$scratch/missed") ]] || fail "something is left behind"
	writes_on blind
	guest_kill blind
}

# Were it not done the other way, what is not looked at would be missed.
without_tracking() {
	boot late um_ckpt.live=0 um_ckpt.blind=1 ALONE=1 LATE=1
	guest_save late waited
	guest_kill late
	thaws waited
	guest_kill thawed
}

step "saves while everything is written to" saves
step "a thaw of the last one" thaws live3
step "and a save of what was thawed" saves_again
if "$MEMORY_WRITER" can-track; then
	step "what is not looked at is missed, and found" sees_what_is_missed
fi
step "with programs that can't be tracked, the guest waits" without_tracking
finish
