#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A system without systemd: Debian with sysvinit, elogind and acpid, booted in a container. There is no
# service manager of the user; the desktop's autostart begins everything. Needs root.
# Ends with "N passed, N failed". Usage: sysvinit.sh [STORY...]; environment: see report.sh.
set -uo pipefail

tree_init=sysvinit
# shellcheck source=tests/system/report.sh
. "$(dirname "$0")/report.sh"

boot_limit=300	# its scripts wait for all disks of the host to be written
stories=(elogind_poweroff elogind_suspend acpid_lid init_script)
hooks=/usr/share/vksession/hooks

machine_is_up() {
	machine_run loginctl list-sessions
}

# As a display manager does it: a PAM session on seat0, with a session bus of its own at the usual place.
# What comes through the pipe is started from within it, as the desktop's menu would.
machine_login() {
	machine_run XDG_SESSION_TYPE=x11 XDG_SEAT=seat0 XDG_SESSION_CLASS=user setsid --fork \
		su -l "$machine_user_name" -c "exec login-with-bus $machine_screen" \
		</dev/null >"$machine/login.log" 2>&1
	wait_for 60 "the login's screen" machine_screen_is_up
}

machine_desktop() {
	machine_user sh -c 'echo "$*" >~/.menu' - "$@"
}

# The scripts of the init system that are for real hardware: in a container they would mount, and
# write to, what is the host's. Their heads stay, by which the others are ordered.
of_hardware=(mountkernfs.sh mountdevsubfs.sh udev kmod hwclock.sh checkroot.sh checkfs.sh mountall.sh
	brightness umountfs umountroot)

# The hooks of systems without systemd, as their administrator would copy them; and a kernel that says
# that it can sleep.
machine_configure() {
	local root=$machine/root script
	for script in "${of_hardware[@]}"; do
		sed -i '/^### END INIT INFO/q' "$root/etc/init.d/$script" || return 1
	done
	cp "$root$hooks"/acpid/* "$root/etc/acpi/events/" &&
		cp "$root$hooks/sysvinit/vksession" "$root/etc/init.d/" &&
		chroot "$root" update-rc.d vksession defaults &&
		sed -i '/^si::sysinit/i ps::sysinit:/usr/local/sbin/pretend-suspend' "$root/etc/inittab"
}

# What vksession-pm says goes where the session bus that starts it writes.
pm_journal() {
	machine_user cat "/home/$machine_user_name/.session-bus.log"
}

# elogind's own lock.
lock_is_held() {
	machine_run gdbus call --system --dest org.freedesktop.login1 \
		--object-path /org/freedesktop/login1 \
		--method org.freedesktop.login1.Manager.ListInhibitors |
		grep -q "'shutdown:sleep', 'vksession'"
}

# After the machine was off: the editor's window is back, with what was typed.
editor_is_back() {
	machine_wait_off && machine_boot && log_in && windows_are_back mousepad && editor_has "$text"
}

story_elogind_poweroff() {
	log_in && desk_start mousepad && editor_type "For elogind. " &&
		machine_desktop loginctl poweroff && editor_is_back && last_save_is mousepad shutdown &&
		pm_said "shutdown: the lock is released" && screenshot after-elogind-poweroff
}

story_elogind_suspend() {
	machine_desktop loginctl suspend || return 1
	wait_for 60 "the save before sleep" last_save_is mousepad sleep || return 1
	pm_said "sleep: the lock is released" || return 1
	wait_for 60 "the next lock" lock_is_held
}

# acpid tells of the lid, and its event file calls the same method.
story_acpid_lid() {
	editor_type "More. " || return 1
	machine_run /etc/init.d/acpid stop >/dev/null
	machine_run sh -c 'mkfifo /run/acpi && { sleep infinity >/run/acpi & } && acpid -e /run/acpi &&
		echo "button/lid LID close" >/run/acpi' || return 1
	wait_for 60 "the save because of the lid" last_save_is mousepad lid
}

# Nobody tells of this shutdown beforehand: init's script has all saved before programs are ended.
story_init_script() {
	editor_type "And more. " && machine_run shutdown -h now && editor_is_back && last_save_is mousepad shutdown &&
		screenshot after-init-script
}

main() {
	local name
	(($# == 0)) || stories=("$@")
	report_begin
	machine_new "$install_layers"
	machine_configure >"$output/configure.log" 2>&1 && machine_boot || failed=$((failed + 1))
	for name in "${stories[@]}"; do
		story "$name"
	done
	report_end
}

main "$@"
