#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks of a guest: a plain one and one with a copy-on-write layer, saved while they are written to.
# A thaw with any other disk than that of the save is refused, and the disk is left alone.
. "$(dirname "$0")/guest.bash"

disks=()

make_disks() {
	truncate -s 48M "$scratch/plain" "$scratch/base"
	mkfs.ext4 -q -F "$scratch/plain"
	mkfs.ext4 -q -F "$scratch/base"
	disks=("ubda=$scratch/plain" "ubdb=$scratch/layer,$scratch/base")
	guest_boot first init-disk.sh "${disks[@]}"
	guest_says first 'ubda round 100\b'
	guest_says first 'ubdb round 100\b'
}

# Each is a moment of its own in the midst of writing.
live_saves() {
	local i
	for i in 1 2 3 4 5; do
		guest_save first "live$i"
		rm -r "${scratch:?}/live$i"
	done
	guest_save first live
}

stop() {
	guest_says first 'ubda round 300\b'
	guest_says first 'ubdb round 300\b'
	guest_save_and_kill first stopped
	if grep -a FAILED "$scratch/first.log"; then return 1; fi
	sha256sum "$scratch/plain" "$scratch/layer" "$scratch/base" >"$scratch/sums"
}

written_after() {
	refused "disk $scratch/(plain|layer) was written after the checkpoint" guest_thaw late live
}

another_file() {
	cp -p "$scratch/plain" "$scratch/copy"
	mv "$scratch/plain" "$scratch/plain.own"
	cp -p "$scratch/copy" "$scratch/plain"
	refused "disk $scratch/plain is another file" guest_thaw foreign stopped
	rm "$scratch/plain"
	refused "disk $scratch/plain: No such file" guest_thaw foreign stopped
	truncate -s 1M "$scratch/plain"
	refused "disk $scratch/plain has another size" guest_thaw foreign stopped
	mv "$scratch/plain.own" "$scratch/plain"
	chmod a-w "$scratch/layer"
	# root may write to it all the same
	[[ -w $scratch/layer ]] ||
		refused "disk $scratch/layer: Permission denied" guest_thaw foreign stopped
	chmod u+w "$scratch/layer"
}

nothing_touched() {
	sha256sum --quiet -c "$scratch/sums"
}

copies_take_their_place() {
	cp "$scratch/layer" "$scratch/layer.copy"
	guest_thaw with_copies stopped "${disks[@]}" "thaw-disk=$scratch/plain,$scratch/copy" \
		"thaw-disk=$scratch/layer,$scratch/layer.copy"
	guest_says with_copies 'ubda round [0-9]+'
	refused "disk $scratch/copy is in use" guest_thaw second stopped \
		"thaw-disk=$scratch/plain,$scratch/copy"
	guest_kill with_copies
	nothing_touched
	rm "$scratch/copy" "$scratch/layer.copy"
}

go_on() {
	guest_thaw again stopped "${disks[@]}"
	guest_says again 'ubda round [0-9]+'
	refused "disk $scratch/(plain|layer|base) (is in use|was written)" guest_thaw second stopped
	guest_save_and_kill again chain
	guest_thaw last chain "${disks[@]}"
	guest_says last 'ubdb round [0-9]+'
	mconsole last cad >/dev/null
	guest_says last 'disks are good'
	guest_ends last 0
}

file_systems_are_clean() {
	e2fsck -fn "$scratch/plain" >"$scratch/e2fsck.log" 2>&1
}

step "a guest writes to a disk and to a copy-on-write disk" make_disks
step "live saves under write load" live_saves
step "save and stop under write load" stop
step "a disk that was written after the save is refused" written_after
step "another file in the disk's place is refused" another_file
step "what was refused has touched nothing" nothing_touched
step "copies that were made at the save can be named instead" copies_take_their_place
step "thaw, save and thaw again; a disk in use is refused" go_on
step "the file system is clean" file_systems_are_clean
finish
