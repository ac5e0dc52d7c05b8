#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A thaw that maps the guest's memory from the checkpoint and copies it while the guest runs: programs
# see and keep what is theirs at any time of that, the checkpoint stays as it is and can be removed,
# and another one can be made at once. Where memory can't be mapped, it is copied first.
. "$(dirname "$0")/guest.bash"

# How much of the memory was mapped: mapped NAME
mapped() {
	sed -nE 's/^thaw: phases .* mapped=([0-9]+) .*/\1/p' "$scratch/$1.log"
}

# Programs look at their memory, and write to it: memory_is_intact NAME [TIMES]
memory_is_intact() {
	local i
	for ((i = 0; i < ${2-1}; i++)); do
		: >"$scratch/$1.log"
		mconsole "$1" cad >/dev/null
		guest_says "$1" '^guest: memory '
		grep -qa '^guest: memory intact intact' "$scratch/$1.log" || fail "$(<"$scratch/$1.log")"
	done
}

# Is there still something that was not copied? maps_checkpoint NAME DIRECTORY
maps_checkpoint() {
	grep -q "$scratch/$2/memory" "/proc/${guest_pid[$1]}/maps"
}

# thaw NAME DIRECTORY PARAMETER...
thaw() {
	guest_thaw "$@"
	guest_says "$1" '^thaw: phases'
}

thaw_lazily() {
	thaw "$@" thaw_memory=map
	(($(mapped "$1") > 0)) || fail "nothing is mapped"
}

thaw_copying() {
	thaw "$@"
	(($(mapped "$1") == 0)) || fail "something is mapped"
	if maps_checkpoint "$1" "$2"; then fail "something is mapped all the same"; fi
}

boot_and_save() {
	guest_boot first init-memory.py
	guest_says first booted
	memory_is_intact first
	guest_save_and_kill first one
	sha256sum "$scratch"/one/* >"$scratch/sums"
}

while_copying() {
	thaw_lazily second one
	memory_is_intact second 3
}

until_all_is_copied() {
	while maps_checkpoint second one; do memory_is_intact second; done
	memory_is_intact second 2
	guest_kill second
}

# "go" is how an asker makes sure that the checkpoint is not needed any more
copied_on_demand() {
	thaw_lazily second one
	mconsole second go >/dev/null || true
	if maps_checkpoint second one; then fail "still mapped"; fi
	memory_is_intact second 2
	guest_kill second
}

# A chain of checkpoints, each made before the memory of the last one was copied
saved_while_copying() {
	local last=one i
	for i in two three four; do
		thaw_lazily second "$last"
		guest_save_and_kill second $i
		last=$i
	done
	thaw_lazily second "$last"
	memory_is_intact second 2
	guest_kill second
}

unchanged() {
	sha256sum --quiet --check "$scratch/sums"
}

removed() {
	thaw_lazily second one
	rm -r "$scratch/one"
	memory_is_intact second 3
	guest_save_and_kill second one
}

not_told_to_map() {
	thaw_copying second one
	memory_is_intact second 2
	guest_kill second
}

with_two_cpus() {
	CPUS=2 guest_boot double init-memory.py
	guest_says double booted
	guest_save_and_kill double double.save
	thaw_copying double double.save thaw_memory=map
	memory_is_intact double 2
	guest_kill double
}

step "a checkpoint of programs that know their memory" boot_and_save
step "memory is intact while it is copied" while_copying
step "and when all of it was" until_all_is_copied
step "it can be copied at once" copied_on_demand
step "checkpoints are made meanwhile" saved_while_copying
step "the checkpoint is as it was" unchanged
step "and can be removed" removed
step "memory is copied first if nothing else is asked for" not_told_to_map
step "or if there are two CPUs" with_two_cpus
finish
