#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest whose pages of zeros have no memory of the host after a thaw, when the host has none to give:
# whoever needs a page, a program, the kernel, or the host for one of them, the guest waits, and nothing
# is lost. And a guest can be saved of which the host has ended a process, and the thawed one has it.
if [[ ! ${IN_NAMESPACES-} ]]; then
	# there any user can have a small disk
	IN_NAMESPACES=1 exec unshare --user --map-root-user --mount -- "$0" "$@"
fi
. "$(dirname "$0")/guest.bash"

mkdir "$scratch/memory" "$scratch/files"
mount -t tmpfs -o size=140m memory "$scratch/memory"
{ yes large || true; } | tr -d "\n" | head -c 10485760 >"$scratch/files/large" || true

clean_up() {
	# whatever still ends there
	umount --lazy "$scratch/memory"
}

# Only what is there already can be used: fill
fill() {
	local size=0 piece
	: >"$scratch/memory/filler"
	for piece in 1048576 4096; do
		while fallocate -o $size -l $piece "$scratch/memory/filler" 2>/dev/null; do
			size=$((size + piece))
		done
	done
}

# boot SECCOMP, and lose the process of the program that was started last
boot() {
	export TMPDIR=$scratch/memory
	guest_boot first init-zeros.py "seccomp=$1" "files=$scratch/files"
	guest_says first 'guest: booted'
}

lose_process() {
	local pid
	pid=$(pgrep -nP "${guest_pid[first]}" -x uml-userspace)
	kill -KILL "$pid"
	timeout "$LIMIT" tail -f /dev/null "--pid=$pid" || fail "it is not reaped"
}

save_and_thaw() {
	guest_save_and_kill first save
	guest_thaw second save "$@"
	guest_says second '^thaw: phases'
	# has it copy what is only mapped yet, or else that would wait already
	mconsole second go >/dev/null || true
}

uses() {
	: >"$scratch/second.log"
	mconsole second cad >/dev/null
	guest_says second "^guest: $1: well"
}

waits() {
	: >"$scratch/second.log"
	fill
	mconsole second cad >/dev/null
	guest_says second 'no room'
	rm "$scratch/memory/filler"
	guest_says second 'going on'
	guest_says second "^guest: $1: well"
}

# run SECCOMP [PARAMETER]
run() {
	step "a guest with seccomp=$1 ${2-}" boot "$1"
	if [[ $1 == on ]]; then step "one of its processes is lost" lose_process; fi
	step "it is saved and thawed" save_and_thaw "${@:2}"
	step "a program waits for memory" waits "memory of a program"
	step "so does the kernel for its virtual memory" waits "virtual memory of the kernel"
	step "and the host for memory to read into" waits "a file of the host"
	step "the program that was lost is there" uses "a program whose process was lost"
	guest_kill second
	rm -r "$scratch/save"
}

run on
run on thaw_memory=map
# Which is for one CPU only.
if ((CPUS == 1)); then run off; fi
finish
