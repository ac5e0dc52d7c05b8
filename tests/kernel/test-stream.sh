#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A checkpoint that is written to a descriptor which the asker passes: into a file, and through a pipe
# into the process that thaws it. One that can't be written leaves the guest running and
# nothing behind; one that is not whole is refused.
. "$(dirname "$0")/guest.bash"

# thaw_stream NAME FILE
thaw_stream() {
	for_guest=7 guest_start "$1" thaw=fd:7 7<"$2"
}

# save_stream NAME REQUEST FILE: what is held does nothing more
save_stream() {
	mconsole "$1" "$2" 7 7>"$3" >"$scratch/reply"
	grep -qE '^saved memory=[0-9]+ state=[0-9]+ ' "$scratch/reply" || fail "$(<"$scratch/reply")"
}

into_a_file() {
	guest_boot first init-idle.sh
	guest_says first booted
	save_stream first 'save fd' "$scratch/live.stream"
	guest_is_alive first
	save_stream first 'save hold fd' "$scratch/stream"
	guest_kill first
}

# All that was said to be written is there, and nothing else but the end mark.
size_of_the_file() {
	local memory state
	memory=$(sed -E 's/.* memory=([0-9]+).*/\1/' "$scratch/reply")
	state=$(sed -E 's/.* state=([0-9]+).*/\1/' "$scratch/reply")
	[[ $(stat -c %s "$scratch/stream") = $((memory + state + 16)) ]] || fail "$(<"$scratch/reply")"
}

out_of_a_file() {
	local i
	for i in 1 2; do
		thaw_stream thawed "$scratch/stream"
		guest_says thawed '^thaw: phases'
		guest_is_alive thawed
		[[ $i = 1 ]] && guest_kill thawed
	done
	thaw_stream live "$scratch/live.stream"
	guest_says live '^thaw: phases'
	guest_is_alive live
	guest_kill live
}

# From one process to another, which is there before: move FROM TO, with 7 and 8 as ends of a stream
move() {
	for_guest=7 guest_start "$2" thaw=fd:7
	exec 7<&-
	mconsole "$1" 'save hold fd' 8 >"$scratch/reply" || fail "$(<"$scratch/reply")"
	exec 8>&-
	guest_says "$2" '^thaw: phases'
	guest_kill "$1"
	guest_is_alive "$2"
}

open_pipe() {
	exec 9<>"$scratch/pipe" # so that opening the ends doesn't wait
	exec 7<"$scratch/pipe"
	exec 8>"$scratch/pipe"
	exec 9>&-
}

through_a_pipe() {
	mkfifo "$scratch/pipe"
	open_pipe
	move thawed moved
}

# Reading and writing fail when there is nothing to read or no room.
through_ends_that_do_not_wait() {
	open_pipe
	python3 -c 'import os; os.set_blocking(7, False); os.set_blocking(8, False)'
	move moved back
}

descriptors() {
	local path
	for path in /proc/"${guest_pid[$1]}"/fd/*; do printf '%s ' "${path##*/}" "$(readlink "$path")"; done
}

not_written() {
	local reply
	if reply=$(mconsole back "$@"); then fail "saved: $reply"; fi
	printf '%s\n' "$reply" >"$scratch/reply"
	guest_is_alive back
}

failed_as() {
	grep -qE "^errno=$1 step=$2" "$scratch/reply" || fail "$(<"$scratch/reply")"
}

failures() {
	local before i
	before=$(descriptors back)
	for ((i = 0; i < 3; i++)); do
		not_written 'save fd' 8 8>/dev/full
		failed_as 28 stream
		not_written 'save fd' 8 8> >(head -c 1000000 >/dev/null)
		failed_as 32 stream
		not_written 'save hold fd' 8 8</dev/null
		failed_as 9 stream
		not_written 'save fd'
		failed_as 22 parse
		not_written 'nonsense' 8 8</dev/null
	done
	[[ $(descriptors back) = "$before" ]] || fail "other descriptors than before: $(descriptors back)"
}

# A word with a descriptor that is not for it is a word all the same.
needless_descriptor() {
	local before
	before=$(descriptors back)
	mkdir "$scratch/dir"
	mconsole back "save $scratch/dir" 8 8>/dev/full >"$scratch/reply" || fail "$(<"$scratch/reply")"
	mconsole back version 8 8>/dev/full >/dev/null
	[[ $(descriptors back) = "$before" ]] || fail "other descriptors than before"
	guest_kill back
	guest_thaw back dir
	guest_says back '^thaw: phases'
	guest_kill back
}

# damage OFFSET: another byte there
damage() {
	cp "$scratch/stream" "$scratch/bad"
	printf '\xa5\x5a' | dd of="$scratch/bad" bs=1 seek="$1" conv=notrunc status=none
}

not_whole() {
	local size length
	size=$(stat -c %s "$scratch/stream")
	for length in 0 39 40 1000; do
		head -c $length "$scratch/stream" >"$scratch/bad"
		refused 'state: truncated' thaw_stream bad "$scratch/bad"
	done
	for length in $((size / 2)) $((size - 16)) $((size - 1)); do
		head -c $length "$scratch/stream" >"$scratch/bad"
		refused 'stream: truncated' thaw_stream bad "$scratch/bad"
	done
	damage 2000
	refused 'state: damaged' thaw_stream bad "$scratch/bad"
	for length in $((size / 2)) $((size - 12)); do
		damage $length
		refused 'memory: damaged' thaw_stream bad "$scratch/bad"
	done
	refused 'state: not a checkpoint' thaw_stream bad "$here/test-stream.sh"
	refused 'fd:7: no descriptor' guest_start bad thaw=fd:7
}

step "into a file" into_a_file
step "the file is as long as it should be" size_of_the_file
step "out of the file, twice" out_of_a_file
step "through a pipe into another process" through_a_pipe
step "through a pipe whose ends do not wait" through_ends_that_do_not_wait
step "streams that can't be written" failures
step "descriptors that are not for a request" needless_descriptor
step "streams that are not whole are refused" not_whole
finish
