# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is to be shown in a booted machine, one story a function; each leaves the user logged in, with
# the three sessions on the screen, or says with `return 1` that it failed. To be sourced.

text=""	# what the editor is to hold

# Adds to the editor's text without saving it, and prepares a line in the shell.
type_more() {
	window_type Mousepad "$1" && text+=$1 && shell_prepare "$2"
}

all_windows_back() {
	local session
	for session in "${desk_sessions[@]}"; do
		window_wait "${desk_title[$session]}" || return 1
	done
}

log_in() {
	machine_login && wait_for 60 "the delay lock" lock_is_held
}

story_first_login() {
	local session
	log_in || return 1
	for session in "${desk_sessions[@]}"; do
		desk_start "$session" || return 1
		wait_for 30 "a scope of session $session with a limit" scope_is_limited "$session" ||
			return 1
	done
	type_more "Not saved: 27 + 15 = 42. " first
}

# A unit of systemd of its own, that can't use all of the machine's memory.
scope_is_limited() {
	machine_user systemctl --user show --value --property=MemoryMax "vksession-$1-*.scope" |
		grep -qE '^[0-9]+$'
}

# The user switches the machine off; they come back and log in, and type no command.
story_poweroff() {
	machine_desktop systemctl poweroff || return 1
	machine_wait_off && machine_boot || return 1
	shutdown_times "3 sessions"
	log_in || return 1
	login_times "3 sessions" || return 1
	all_windows_back && screenshot after-poweroff || return 1
	editor_has "$text" && shell_has first
}

# Sleep while another client holds a lock of its own for some time; and once more at once.
story_suspend() {
	local before
	type_more "Before sleep. " second || return 1
	before=$(pm_journal | grep -c 'sleep: saved')
	machine_run systemd-run --quiet --collect --unit=other-lock systemd-inhibit --what=sleep \
		--mode=delay --who=other bash -c 'dbus-monitor --system \
		"type=signal,member=PrepareForSleep" | grep -m 1 PrepareForSleep >/dev/null; \
		read -r -t 2 <> <(:)' || return 1
	wait_for 30 "the other client's lock" other_lock_is_held || return 1
	machine_desktop systemctl suspend || return 1
	wait_for 60 "sleep and wake" woke_up || return 1
	wait_for 30 "the next lock" lock_is_held || return 1
	wait_for 60 "the save before sleep" pm_saved_for_sleep "$before" || return 1
	figure "3 sessions, PrepareForSleep to the lock's release" "$(lock_time sleep)"
	figure "3 sessions, PrepareForSleep to the end of the save" "$(save_time sleep)"
	editor_has "$text" && shell_has second
}

other_lock_is_held() {
	machine_run systemd-inhibit --list --no-legend --no-pager | grep -q '^other '
}

# More often than so many times.
pm_saved_for_sleep() {
	(($(pm_journal | grep -c 'sleep: saved') > $1))
}

woke_up() {
	machine_run journalctl --no-pager --output=cat -t systemd-logind --boot |
		grep -q 'Operation .*sleep.* finished' && pm_said 'sleep: the lock is released'
}

# What a hook of a system without logind calls, as root.
story_hook() {
	local said
	said=$(machine_run /usr/libexec/vksession/vksession-power-event sleep) || return 1
	[[ $said == *"sleep: saved in"* || $said == *"no session had anything to save"* ]] ||
		fail "vksession-power-event said '$said'"
}

story_logout() {
	local session
	type_more "Before logout. " third || return 1
	machine_logout || return 1	# and something of it stays behind, see login-session
	for session in "${desk_sessions[@]}"; do
		wait_for 90 "session $session to be saved" saved_on_disk "$session" || return 1
	done
	machine_run pkill -x -u "$machine_user_name" tail
	wait_for 60 "the user's service manager to end" user_manager_is_gone || return 1
	log_in && all_windows_back || return 1
	editor_has "$text" && shell_has third
}

user_manager_is_gone() {
	! machine_run systemctl is-active --quiet "user@$machine_uid.service"
}

# No socket of a session is left: it has ended.
saved_on_disk() {
	! machine_run test -e "/run/user/$machine_uid/vksession/$1/control.sock"
}

# The battery runs down to where UPower switches the machine off by itself.
story_battery() {
	type_more "Before the battery was empty. " fourth || return 1
	machine_run systemctl stop upower.service
	machine_run systemd-run --quiet --collect --unit=battery umockdev-wrapper \
		/usr/local/bin/battery || return 1
	wait_for 30 "the battery" machine_run test -p /run/battery || return 1
	machine_run bash -c 'echo unplug >/run/battery'
	machine_run bash -c 'echo 2 >/run/battery'
	wait_for 60 "a save because of the battery" pm_said 'battery-action: saved' || return 1
	machine_wait_off && machine_boot || return 1
	log_in && all_windows_back || return 1
	editor_has "$text" && shell_has fourth
}

saves_of_notes() {
	compgen -G "$machine/upper/home/$machine_user_name/.local/state/vksession/notes/saves/$1"
}

# The plug is pulled in the middle of a save: what the last complete save holds comes back.
story_plug() {
	local complete limit=$((SECONDS + 60))
	machine_user vksession save notes >>"$machine/commands.log" 2>&1 || return 1
	complete=$(saves_of_notes '[0-9]*/manifest.json')
	window_type Mousepad "Lost with the plug." || return 1
	machine_user vksession save notes >>"$machine/commands.log" 2>&1 &
	until saves_of_notes '.new-*/memory' >/dev/null || ((SECONDS >= limit)); do
		:	# a save is short: nothing is waited between two looks
	done
	machine_kill
	wait "$!"
	[[ $(saves_of_notes '.new-*') && $(saves_of_notes '[0-9]*/manifest.json') == "$complete" ]] ||
		fail "the plug was not pulled in the middle of a save" || return 1
	machine_boot && log_in && all_windows_back || return 1
	editor_has "$text"
}

# --- figures ------------------------------------------------------------------------------------

# From the beginning of the login to the first and to the last window of those that come back.
login_times() {
	local began lines
	began=$(machine_user cat "/home/$machine_user_name/.login-began") || return 1
	lines=$(machine_user timeout "$window_limit" window-times "$began" \
		"${desk_title[notes]}" "${desk_title[shell]}" "${desk_title[sums]}") ||
		fail "not all windows came back" || return 1
	figure "$1, start of the login to the first window" "$(head -n 1 <<<"$lines" | cut -d' ' -f1)"
	figure "$1, start of the login to the last window" "$(tail -n 1 <<<"$lines" | cut -d' ' -f1)"
}

# Of the shutdown before this boot.
shutdown_times() {
	figure "$1, PrepareForShutdown to the lock's release" "$(lock_time shutdown --boot=-1)"
	figure "$1, PrepareForShutdown to the end of the save" "$(save_time shutdown --boot=-1)"
}

# Powers off and on again and notes how long the lock was held for so many sessions.
power_cycle() {
	machine_desktop systemctl poweroff && machine_wait_off && machine_boot || return 1
	shutdown_times "$1"
	log_in
}

story_five_sessions() {
	local number
	for number in 4 5; do
		machine_user vksession run -s "more$number" -- xclock -title "clock$number" \
			>>"$machine/commands.log" 2>&1 && window_wait "clock$number" || return 1
	done
	power_cycle "5 sessions" || return 1
	for number in 4 5; do
		window_wait "clock$number" || return 1
	done
	all_windows_back
}

story_one_session() {
	local session
	for session in shell sums more4 more5; do
		machine_user vksession stop "$session" >>"$machine/commands.log" 2>&1 || return 1
	done
	power_cycle "1 session" || return 1
	window_wait Mousepad && editor_has "$text"
}

# The same three programs, started afresh by the desktop itself, to compare.
story_without_vksession() {
	local autostart=/home/$machine_user_name/.config/openbox/autostart
	machine_user vksession stop notes >>"$machine/commands.log" 2>&1 || return 1
	machine_user mkdir -p "${autostart%/*}"
	machine_user tee "$autostart" >/dev/null <<-END
		mousepad &
		xterm -title terminal -e bash --norc --noprofile &
		xcalc &
	END
	machine_desktop systemctl poweroff && machine_wait_off && machine_boot && log_in || return 1
	login_times "the same programs afresh, without vksession"
}
