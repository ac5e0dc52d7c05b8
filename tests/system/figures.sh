# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stories that are there for their figures: how long the lock is held, and how long it takes until the
# windows are back. To be sourced after stories.sh.

figure() {
	printf '   %s: %s ms\n' "$1" "${2:-?}" | tee -a "$output/figures.txt"
	[[ ${2:-} ]] || fail "no figure for: $1"
}

# Milliseconds from the announcement to the release of the lock, of the last time in a journal.
# Arguments: shutdown or sleep, options of journalctl.
lock_time() {
	local what=$1
	shift
	pm_journal "$@" | sed -n "s/^.*$what: the lock is released after \([0-9]*\) ms.*/\1/p" |
		tail -n 1
}

# The same to the end of the save, which goes on without the lock if need be.
save_time() {
	local what=$1
	shift
	pm_journal "$@" | sed -n "s/^.*$what: saved in \([0-9]*\) ms.*/\1/p" | tail -n 1
}

# From the beginning of the login to the first and to the last window of those that come back.
login_times() {
	local began lines
	began=$(machine_user cat "/home/$machine_user_name/.login-began") || return 1
	lines=$(machine_user timeout "$window_limit" window-times "$began" \
		"${desk_sessions[@]}") ||
		fail "not all windows came back" || return 1
	figure "$1, start of the login to the first window" "$(head -n 1 <<<"$lines" | cut -d' ' -f1)"
	figure "$1, start of the login to the last window" "$(tail -n 1 <<<"$lines" | cut -d' ' -f1)"
}

# Of the shutdown before this boot.
shutdown_times() {
	figure "$1, PrepareForShutdown to the lock's release" "$(lock_time shutdown --boot=-1)" &&
		figure "$1, PrepareForShutdown to the end of the save" "$(save_time shutdown --boot=-1)"
}

# Powers off and on again and notes how long the lock was held for so many sessions.
power_cycle() {
	machine_desktop systemctl poweroff && machine_wait_off && machine_boot || return 1
	shutdown_times "$1" && log_in
}

story_five_sessions() {
	local number
	for number in 4 5; do
		machine_user vksession run -s "more$number" -- xclock -name "clock$number" \
			>>"$machine/commands.log" 2>&1 && window_wait "clock$number" || return 1
	done
	power_cycle "5 sessions" || return 1
	for number in 4 5; do
		window_wait "clock$number" || return 1
	done
	windows_are_back "${desk_sessions[@]}"
}

story_one_session() {
	local session
	for session in xterm galculator more4 more5; do
		machine_user vksession stop "$session" >>"$machine/commands.log" 2>&1 || return 1
	done
	power_cycle "1 session" || return 1
	windows_are_back mousepad && editor_has "$text"
}

# The same three programs, started afresh by the desktop itself, to compare.
story_without_vksession() {
	local autostart=/home/$machine_user_name/.config/openbox/autostart
	machine_user vksession stop mousepad >>"$machine/commands.log" 2>&1 || return 1
	machine_user mkdir -p "${autostart%/*}"
	machine_user tee "$autostart" >/dev/null <<-END
		mousepad &
		xterm &
		galculator &
	END
	machine_desktop systemctl poweroff && machine_wait_off && machine_boot && log_in || return 1
	# The window manager may read it some time after the login.
	login_times "the same programs afresh, without vksession" && machine_user rm "$autostart"
}
