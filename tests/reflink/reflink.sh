#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stores on file systems whose files can share blocks: saves are whole files there, and share what
# did not change. Makes such file systems in files, so it needs root; the sessions are a user's.
# Prints one line a file system and ends with "N passed, N failed".
#
# Usage: reflink.sh VKSESSION USER
set -uo pipefail

vksession=$1
user=$2
kinds=(btrfs xfs)
work=$(mktemp -d /var/tmp/vksession-reflink-XXXXXX)
disk=$work/disk	# where it is mounted
passed=0
failed=0

as_user() {
	runuser -u "$user" -- env -i HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" \
		PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" XDG_STATE_HOME="$disk/state" \
		VKSESSION_NO_BACKGROUND=1 "$@"
}

session() {
	as_user "$vksession" "$@" >>"$work/log" 2>&1
}

complain() {
	printf '   %s\n' "$*"
	return 1
}

used() {
	sync -f "$disk"
	df --output=used --block-size=1 "$disk" | tail -n 1
}

memory_of() {
	printf '%s' "$disk/state/vksession/r/saves/$1/memory"
}

shared_extents() {
	filefrag -v "$(memory_of "$1")" | grep -c shared
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

# Such a save is a whole file all the same, and does not need the one before.
saves_share() {
	local empty last
	empty=$(used)
	session run -s r --detach --memory 256M --no-network -- /bin/sleep infinity || return 1
	session policy r keep=50 && session save r || return 1
	save_until_idle $(($(used) - empty)) || return 1
	last=$(last_save)
	(($(shared_extents "$last") > 0)) || complain "save $last shares no blocks" || return 1
	[[ ! -e $(dirname "$(memory_of "$last")")/same ]] ||
		complain "save $last is built on another" || return 1
	session verify r && session policy r keep=1 && session prune r || return 1
	session verify r && session stop r && session thaw --detach r || return 1
	session exec r -- /bin/true
}

# Argument: kind of file system.
on_disk_of() {
	local status=0
	truncate -s 2G "$work/image"
	"mkfs.$1" -q "$work/image" >>"$work/log" 2>&1 && mount -o loop "$work/image" "$disk" || return 1
	install -d -o "$user" "$disk/state"
	saves_share || status=1
	session stop r
	umount "$disk" && rm "$work/image" || status=1
	return $status
}

mkdir "$disk"
chmod 755 "$work"
for kind in "${kinds[@]}"; do
	if on_disk_of "$kind"; then
		printf 'ok store on %s\n' "$kind"
		passed=$((passed + 1))
	else
		printf 'FAILED store on %s\n' "$kind"
		tail -n 5 "$work/log"
		failed=$((failed + 1))
	fi
done
rm -rf "$work"
printf '%d passed, %d failed\n' $passed $failed
((failed == 0))
