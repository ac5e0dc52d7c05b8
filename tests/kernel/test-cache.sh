#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A save that ends the guest leaves out what is only cached of the host's files. A live one has it, and
# either has what programs have mapped, touched or not: the host's file may be another one by the thaw.
. "$(dirname "$0")/guest.bash"

MIB=1048576
CLOSED=24
OPEN=4
SLACK=2

# make NAME MIB
make() {
	python3 -c 'import sys; print(end=(sys.argv[1] + "\n") * (int(sys.argv[2]) // (len(sys.argv[1]) + 1)))' \
		"$1" $(($2 * MIB)) >"$scratch/files/$1"
}

looks() {
	: >"$scratch/$1.log"
	mconsole "$1" cad >/dev/null
	guest_says "$1" '^guest: files'
	grep -qa '^guest: files well' "$scratch/$1.log" || fail "$(<"$scratch/$1.log")"
}

boot() {
	mkdir "$scratch/files"
	make closed $CLOSED
	make open $OPEN
	make mapped 8
	guest_boot first init-cache.py "files=$scratch/files"
	guest_says first 'guest: booted'
	looks first
	rm "$scratch/files/open"
}

memory_saved() {
	sed -nE 's/.*saved memory=([0-9]+) .*/\1/p' "$scratch/reply"
}

live() {
	guest_save first live
	full=$(memory_saved)
}

last() {
	local less
	guest_save_and_kill first last
	less=$((full - $(memory_saved)))
	((less > (CLOSED + OPEN - SLACK) * MIB)) || fail "only $less bytes less than $full"
}

thaw() {
	make others 8
	mv "$scratch/files/others" "$scratch/files/mapped"
	: >"$scratch/files/look"
	guest_thaw second "$1"
	guest_says second '^thaw: phases'
	looks second
	guest_kill second
}

step "a guest that has read files of the host" boot
step "a live save" live
step "a save that ends it is smaller by what is not mapped" last
step "what was mapped is there after the thaw, and the rest is read again" thaw last
step "so it is after a thaw of the live save" thaw live
finish
