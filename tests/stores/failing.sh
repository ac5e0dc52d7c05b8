# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks that fail in the middle of a save, each in a way in which real ones do: the session goes on,
# the save before is intact, and nothing is left of the one that failed.
#
# shellcheck disable=SC2154 # stores.sh sets vksession, work and disk

room=$((24 << 20))	# less than what the second save has to write
news=60M		# what is new in the guest then

# A session with a save, and with more that is new in it than there will be room for.
start_with_save() {
	start_session && session save r &&
		session exec r -- /bin/sh -c "head -c $news /dev/urandom >/tmp/new"
}

vkernel() {
	as_user "$vksession" list r --json | sed -n 's/^    "vkernel_pid" : \([0-9]*\),$/\1/p'
}

launcher() {
	ps -o ppid= -p "$(vkernel)" | tr -d ' '
}

# Whether what a save said is one line that names the cause, and that the session goes on.
# Arguments: status that it gave, status that it should have given, cause.
assert_refused() {
	local said
	said=$(<"$work/said")
	printf '   exit %d: %s\n' "$1" "${said//"$work"/}"
	[[ $1 == "$2" && $said == "vksession: "*"$3"*"; session r goes on"*"; "* && $said != *$'\n'* ]] ||
		complain "expected exit $2, and one line with: $3"
}

assert_goes_on() {
	session exec r -- /bin/true || complain "the session does not go on"
}

# The save before is good, and is the only one. Nothing else lies beside it.
assert_saves_are_intact() {
	local saves=$disk/state/vksession/r/saves
	session verify r || complain "the save before is damaged" || return 1
	[[ $(ls -A "$saves") == 1 ]] || complain "in the store: $(ls -A "$saves")"
}

# The disk has been put right: it was worth nothing else.
assert_comes_back() {
	assert_saves_are_intact && session thaw --detach r && session save r && session verify r &&
		assert_goes_on
}

save_refused() {
	local status=0
	as_user "$vksession" save r 2>"$work/said" >>"$work/log" || status=$?
	assert_refused $status "$@"
}

# A quota that is reached is no full disk: only a write can tell.
quota_is_reached() {
	local referenced
	btrfs quota enable "$disk" && btrfs quota rescan -w "$disk" >>"$work/log" || return 1
	start_with_save && sync -f "$disk" || return 1
	referenced=$(btrfs qgroup show --raw "$disk" | awk '$1 == "0/5" { print $2 }')
	btrfs qgroup limit $((referenced + room)) 0/5 "$disk" || return 1
	save_refused 7 "Disk quota exceeded" && assert_goes_on && assert_saves_are_intact || return 1
	btrfs qgroup limit none 0/5 "$disk" && session save r && session verify r && session stop r &&
		session thaw --detach r && assert_goes_on
}

# Something happens to the disk when a save has begun and has not yet written the memory: it waits
# for the launcher then, which is held. Arguments: status, cause, command.
save_refused_when() {
	local status=$1 cause=$2 launcher save result=0
	shift 2
	launcher=$(launcher) && kill -STOP "$launcher" || return 1
	as_user "$vksession" save r 2>"$work/said" >>"$work/log" &
	save=$!
	until compgen -G "$disk/state/vksession/r/saves/.new-*" >/dev/null || ! kill -0 $save; do
		read -r -t 0.02 <> <(:) || true	# a moment between two looks
	done
	"$@" || complain "$1 fails"
	kill -CONT "$launcher"
	wait $save || result=$?
	assert_refused $result "$status" "$cause"
}

break_ext4() {
	local device
	device=$(findmnt -n -o SOURCE "$disk")
	echo "as the test says" >"/sys/fs/ext4/${device##*/}/trigger_fs_error"
}

# As ext4 does it on an error: nothing can be written from that moment, not even a lock.
disk_becomes_read_only() {
	start_with_save && save_refused_when 1 "Read-only file system" break_ext4 || return 1
	assert_goes_on && session verify r || return 1
	save_refused 1 "Read-only file system" || return 1
	# It ends, and tells that this could not be noted.
	as_user "$vksession" stop r 2>"$work/said"
	[[ $(<"$work/said") == *": Read-only file system; the session has ended and its saves"* ]] ||
		complain "stop: $(<"$work/said")" || return 1
	umount "$disk" && { fsck.ext4 -fp "$work/image" >>"$work/log" 2>&1 || (($? == 1)); } &&
		mount_disk "$1" && session prune r && assert_comes_back
}

save_refused_without_store() {
	local status=0
	as_user "$vksession" save r 2>"$work/said" || status=$?
	[[ $status == 1 && $(<"$work/said") == *": Input/output error; nothing was done; "* ]] ||
		complain "without a store: $(<"$work/said")"
}

# Each access gives EIO, as of a disk that was pulled out. Commands can do no more, without a store;
# the session lives.
disk_dies() {
	local launcher vkernel
	start_with_save && launcher=$(launcher) && vkernel=$(vkernel) || return 1
	save_refused_when 1 "Input/output error" xfs_io -x -c shutdown "$disk" || return 1
	save_refused_without_store || return 1
	kill -0 "$vkernel" || complain "the session does not live" || return 1
	kill "$launcher" && tail --pid="$launcher" -f /dev/null
	umount "$disk" && mount_disk "$1" && session prune r && assert_comes_back
}
