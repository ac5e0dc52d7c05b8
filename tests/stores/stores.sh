#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stores on real file systems of other kinds, where files can share blocks, and on disks that do not
# bear with a save to its end. Makes such disks in files, so it needs root; the sessions are a
# user's. Prints one line a story and ends with "N passed, N failed".
#
# Usage: stores.sh VKSESSION USER
set -uo pipefail

# Whoever is started elsewhere with a copy of all mounts would keep a disk after its unmounting, dead
# as it is: these are in a namespace of their own.
[[ ${VKSESSION_OWN_MOUNTS:-} ]] || VKSESSION_OWN_MOUNTS=yes exec unshare --mount "$0" "$@"

vksession=$1
user=$2
# What happens there, the kind of file system, and options of its mount.
stories=(
	"saves_share btrfs loop"
	"saves_share xfs loop"
	"quota_is_reached btrfs loop"
	"disk_becomes_read_only ext4 loop,errors=remount-ro"
	"disk_dies xfs loop"
)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
work=$(mktemp -d /var/tmp/vksession-stores-XXXXXX)
disk=$work/disk	# where it is mounted
passed=0
failed=0

# shellcheck source=tests/stores/sharing.sh
. "$here/sharing.sh"
# shellcheck source=tests/stores/failing.sh
. "$here/failing.sh"

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

# Arguments: options of run.
start_session() {
	session run -s r --detach --memory 256M --no-network "$@" -- /bin/sleep infinity
}

mount_disk() {
	mount -o "$1" "$work/image" "$disk"
}

on_disk_of() {
	local story=$1 kind=$2 options=$3 status=0
	truncate -s 2G "$work/image"
	"mkfs.$kind" -q "$work/image" >>"$work/log" 2>&1 && mount_disk "$options" || return 1
	install -d -o "$user" "$disk/state"
	"$story" "$options" || status=1
	session stop r
	umount "$disk" && rm "$work/image" || status=1
	return $status
}

mkdir "$disk"
chmod 755 "$work"
for story in "${stories[@]}"; do
	read -r name kind options <<<"$story"
	if on_disk_of "$name" "$kind" "$options"; then
		printf 'ok store on %s: %s\n' "$kind" "${name//_/ }"
		passed=$((passed + 1))
	else
		printf 'FAILED store on %s: %s\n' "$kind" "${name//_/ }"
		tail -n 5 "$work/log"
		failed=$((failed + 1))
	fi
done
rm -rf "$work"
printf '%d passed, %d failed\n' $passed $failed
((failed == 0))
