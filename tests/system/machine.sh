# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A machine for the system tests: a directory tree booted with systemd in a container, with a disk
# that outlives its power-off, and an ordinary user who logs in on a screen of Xvfb.
# To be sourced. All state is below $machine (a directory); one machine at a time.
#
#   machine_new LOWER          make the machine, its root an overlay on LOWER (directories, colons)
#   machine_boot               switch it on and wait until it is up
#   machine_run CMD...         run a command in it as root
#   machine_user CMD...        run a command in it as the user, in the user's login
#   machine_desktop CMD...     the same in the background, as an entry of the desktop's menu
#   machine_login / _logout    begin and end the user's graphical login
#   machine_wait_off           wait until it has switched itself off
#   machine_kill               pull the plug
#   machine_remove             remove everything

machine_name=vksession-test
machine_user_name=ann
machine_uid=1000
machine_screen=:5
machine_login_options=()	# of systemd-run, for a login where there are virtual terminals
boot_limit=120	# seconds, on a machine that is busy with other things
login_limit=60
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

fail() {
	printf 'system test: %s\n' "$*" >&2
	return 1
}

# Waits until a command succeeds. Arguments: seconds, what is waited for, command.
wait_for() {
	local limit=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= limit)); then
			fail "waited in vain for $what"
			return 1
		fi
		read -r -t 0.1 <> <(:) || true	# a tenth of a second between two looks
	done
}

machine_new() {
	mkdir -p "$machine"/{upper,work,root,shared}
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$machine/upper,workdir=$machine/work" \
		"$machine/root"
	machine_furnish "$machine/root"
}

# What the stories need in a root besides packages: their tools, the user.
machine_furnish() {
	cp -r "$here/guest/." "$1/"
	chroot "$1" useradd --create-home --uid "$machine_uid" --shell /bin/bash \
		"$machine_user_name"
	: >"$1/etc/machine-id"
	mkdir -p "$1/var/log/journal"	# journals outlive a boot
}

# Process id of systemd, PID 1 of the machine, as the host sees it; fails if it is off.
machine_init() {
	local nspawn
	nspawn=$(pgrep -f "^systemd-nspawn .*--machine=$machine_name " | head -n 1)
	[[ $nspawn ]] && pgrep -P "$nspawn" | head -n 1 | grep .
}

machine_run() {
	local init
	init=$(machine_init) || fail "the machine is off" || return 1
	nsenter -t "$init" -m -u -i -n -p -C -r -w env -i \
		PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

machine_user() {
	machine_run runuser -u "$machine_user_name" -- env HOME="/home/$machine_user_name" \
		USER="$machine_user_name" LOGNAME="$machine_user_name" LC_ALL=C.UTF-8 \
		XDG_RUNTIME_DIR="/run/user/$machine_uid" DISPLAY="$machine_screen" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$machine_uid/bus" "$@"
}

# The same from the user's desktop, as a menu does it: logind and polkit see whose seat it is.
machine_desktop() {
	machine_user systemd-run --user --quiet --collect "$@"
}

machine_is_up() {
	machine_run systemctl is-system-running | grep -qE '^(running|degraded)$'
}

machine_is_off() {
	! pgrep -f "^systemd-nspawn .*--machine=$machine_name " >/dev/null
}

machine_boot() {
	setsid script -qfc "$here/boot.sh $machine/root $machine_name" "$machine/console.log" \
		</dev/null >/dev/null 2>&1 &
	wait_for "$boot_limit" "the machine to boot" machine_is_up || return 1
	# As on a machine of its own; in a container it is a tenth of the memory.
	machine_run mount -o remount,size=50% /dev/shm
}

machine_remove_cgroups() {
	local top=/sys/fs/cgroup/unified
	[[ -d $top ]] || top=/sys/fs/cgroup
	find "$top"/{payload,supervisor} -depth -type d -exec rmdir {} + 2>/dev/null || true
}

machine_wait_off() {
	wait_for "$boot_limit" "the machine to switch itself off" machine_is_off
	machine_remove_cgroups
}

machine_kill() {
	local init
	init=$(machine_init) || return 0
	kill -KILL "$init"
	machine_wait_off
}

machine_remove() {
	machine_kill || true
	umount "$machine/root" 2>/dev/null || true
	rm -rf "$machine"
}

machine_screen_is_up() {
	machine_user xdotool getmouselocation
}

# A login as a display manager makes it: a PAM session on seat0, in it an X server and a window
# manager that obeys the autostart entries.
machine_login() {
	machine_run systemd-run --quiet --collect --unit=login-ann -p PAMName=login \
		-p "User=$machine_user_name" -p "WorkingDirectory=/home/$machine_user_name" \
		-E XDG_SESSION_TYPE=x11 -E XDG_SEAT=seat0 -E XDG_SESSION_CLASS=user \
		"${machine_login_options[@]}" \
		/usr/local/bin/login-session "$machine_screen"
	wait_for "$login_limit" "the login's screen" machine_screen_is_up
}

machine_logout() {
	machine_run systemctl stop login-ann.service
}
