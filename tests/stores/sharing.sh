# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where files can share blocks, saves are whole files, and share what did not change.
#
# shellcheck disable=SC2154 # stores.sh sets vksession and disk

used() {
	sync -f "$disk"
	df --output=used --block-size=1 "$disk" | tail -n 1
}

save_dir() {
	printf '%s' "$disk/state/vksession/r/saves/$1"
}

extents() {
	filefrag -v "$1" | grep -E '^ *[0-9]+:'
}

shared_extents() {
	extents "$1" | grep -c shared
}

last_save() {
	as_user "$vksession" saves r --json | sed -n 's/^    "save" : \([0-9]*\),$/\1/p' | sort -n | tail -n 1
}

# A save of a session that does nothing takes next to nothing. It has just begun, and what still
# starts in it makes the first ones larger.
save_until_idle() {
	local whole=$1 before after i
	for ((i = 0; i < 30; i++)); do
		before=$(used)
		session save r || return 1
		after=$(used)
		(((after - before) * 10 < whole)) && break
	done
	printf '   the first save takes %d MB, that of the idle session %d MB\n' \
		$((whole / 1000000)) $(((after - before) / 1000000))
	(((after - before) * 10 < whole)) || complain "pages are not shared"
}

# The layer of a disk, which was just taken from somewhere else: not a block of it is a copy.
is_shared() {
	local shared
	sync -f "$disk"
	shared=$(shared_extents "$1")
	((shared > 0 && shared == $(extents "$1" | wc -l))) ||
		complain "the disk's layer was copied: ${1#"$disk"}"
}

# Such a save is a whole file all the same, and does not need the one before.
saves_share() {
	local empty last
	as_user truncate -s 64M "$disk/state/image"
	empty=$(used)
	start_session --disk "$disk/state/image" || return 1
	session exec r -- /bin/dd if=/dev/urandom of=/dev/ubda bs=1M count=8 conv=fsync || return 1
	session policy r keep=50 && session save r || return 1
	save_until_idle $(($(used) - empty)) || return 1
	last=$(last_save)
	is_shared "$(save_dir "$last")/disk-0" || return 1
	(($(shared_extents "$(save_dir "$last")/memory") > 0)) ||
		complain "save $last shares no blocks" || return 1
	[[ ! -e $(save_dir "$last")/same ]] ||
		complain "save $last is built on another" || return 1
	session verify r && session policy r keep=1 && session prune r || return 1
	session verify r && session stop r && session thaw --detach r || return 1
	is_shared "$disk/state/vksession/r/disks/disk-0" && session exec r -- /bin/true
}
