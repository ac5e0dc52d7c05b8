#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Saves that fail, a hundred times for each cause: the guest goes on, and the vkernel has exactly the
# descriptors and the memory that it had before. Each save after them is good.
if [[ ! ${IN_NAMESPACES-} ]]; then
	# there any user can have a small disk
	IN_NAMESPACES=1 exec unshare --user --map-root-user --mount -- "$0" "$@"
fi
. "$(dirname "$0")/guest.bash"

mkdir "$scratch/save" "$scratch/small"
mount -t tmpfs -o size=4m small "$scratch/small"

clean_up() {
	umount "$scratch/small"
}

start() {
	guest_boot first init-idle.sh "ncpus=$1"
	guest_says first booted
}

fails() {
	"$here/failed-saves.py" "$1" "$scratch/first/mconsole" "${guest_pid[first]}" "$scratch" \
		"${TIMES:-100}"
	guest_is_alive first
}

good_afterwards() {
	guest_save_and_kill first good
	guest_thaw first good
	guest_says first '^thaw: phases'
	guest_is_alive first
}

step "a guest" start 1
step "no space" fails no_space
step "no space for a stream" fails no_space_in_stream
step "the limit of the size of files" fails file_size
step "the limit of the size of files, in the middle of a stream" fails file_size_in_stream
step "an I/O error in a write somewhere" fails io_error
step "an I/O error in a stream" fails io_error_in_stream
step "the reader of a stream is killed" fails reader_killed
step "the asker is killed" fails asker_killed
step "a save afterwards is good" good_afterwards
guest_kill first
step "a guest with two CPUs" start 2
step "no space, with two CPUs" fails no_space
step "an I/O error in a write somewhere, with two CPUs" fails io_error
step "the asker is killed, with two CPUs" fails asker_killed
finish
