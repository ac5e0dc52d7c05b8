# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is to be shown in a booted machine, one story a function; each leaves the user logged in, with
# the three sessions on the screen, or says with `return 1` that it failed. To be sourced.

text=""	# what the editor is to hold

# Types into the editor and the shell, and saves or enters nothing.
type_more() {
	editor_type "$1" && shell_prepare "$2"
}

# All three windows are in their places, with the text that was typed and never saved, the line in the
# shell that was never entered, and the sum that was calculated.
all_is_back() {
	windows_are_back "${desk_sessions[@]}" && editor_has "$text" && shell_has "$1" &&
		calculator_has 42
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
	type_more "Not saved: 27 + 15 = 42. " first && window_type galculator "27+15=" &&
		calculator_has 42 && screenshot first-login
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
	all_is_back first && screenshot after-poweroff
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
	all_is_back second && screenshot after-suspend
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
	machine_run pkill -x -u "$machine_user_name" "tail|at-spi-bus-laun"
	wait_for 60 "the user's service manager to end" user_manager_is_gone || return 1
	log_in && all_is_back third && screenshot after-logout
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
	log_in && all_is_back fourth && screenshot after-battery
}

saves_of_editor() {
	compgen -G "$machine/upper/home/$machine_user_name/.local/state/vksession/mousepad/saves/$1"
}

# The plug is pulled in the middle of a save: what the last complete save holds comes back, and a
# notification says so. The session that is to ask first offers it, and a click on that brings it back.
story_plug() {
	local complete limit=$((SECONDS + 60))
	shell_prepare fifth || return 1
	machine_user vksession save mousepad >>"$machine/commands.log" 2>&1 || return 1
	machine_user vksession save xterm >>"$machine/commands.log" 2>&1 || return 1
	machine_user vksession save galculator >>"$machine/commands.log" 2>&1 || return 1
	restore_is galculator ask || return 1
	complete=$(saves_of_editor '[0-9]*/manifest.json')
	window_type mousepad "Lost with the plug." || return 1
	machine_user vksession save mousepad >>"$machine/commands.log" 2>&1 &
	until saves_of_editor '.new-*/memory' >/dev/null || ((SECONDS >= limit)); do
		:	# a save is short: nothing is waited between two looks
	done
	machine_kill
	wait "$!"
	[[ $(saves_of_editor '.new-*') && $(saves_of_editor '[0-9]*/manifest.json') == "$complete" ]] ||
		fail "the plug was not pulled in the middle of a save" || return 1
	machine_boot && log_in && windows_are_back mousepad xterm || return 1
	wait_for 60 "the word of what came back" was_notified \
		'It had ended without a save, and is as of the last one' || return 1
	wait_for 60 "the offer" was_notified 'Bring “galculator” back?' || return 1
	screenshot after-plug-offer
	# It stays until it is answered, the others go by themselves.
	wait_for 60 "the offer alone" one_notification_is_shown || return 1
	machine_user dunstctl action 0 && all_is_back fifth && screenshot after-plug &&
		restore_is galculator always
}

# Sets whether a session comes back at login: always, ask, never.
restore_is() {
	machine_user busctl --user set-property org.vksession "/org/vksession/session/$1" \
		org.vksession.Session1 Restore s "$2"
}

# Whoever can't see the window finds its buttons by the names that they tell assistive programs, as
# click-on does.
story_screen_reader() {
	local before
	before=$(newest_save galculator)
	machine_desktop /usr/libexec/vksession/vksession-tray --window || return 1
	machine_user timeout "$window_limit" click-on "Save now" ||
		fail "no program tells of a button “Save now”" || return 1
	wait_for 60 "the save of the first session" save_is_newer galculator "$before" || return 1
	screenshot screen-reader
	machine_user xdotool search --onlyvisible --name '^Sessions$' windowclose
}

# Number of the newest save: how many there are is for the policy to say.
newest_save() {
	machine_user vksession saves --json "$1" | sed -n 's/.*"save" : \([0-9]*\),/\1/p' |
		sort -n | tail -n 1
}

save_is_newer() {
	(($(newest_save "$1") > $2))
}

# The services are started anew, under the sessions that run.
story_restart() {
	local before
	before=$(windows_listed)
	machine_user systemctl --user restart vksessiond.service vksession-pm.service || return 1
	wait_for 60 "the delay lock" lock_is_held && sessions_go_on "$before"
}

# Under a daemon that has just started. Argument: the windows from before.
sessions_go_on() {
	local session
	for session in "${desk_sessions[@]}"; do
		[[ $(machine_user busctl --user get-property org.vksession \
			"/org/vksession/session/$session" org.vksession.Session1 State) == 's "running"' ]] ||
			fail "session $session does not run" || return 1
	done
	[[ $(windows_listed) == "$1" ]] || fail "the windows are not those from before"
}

# The windows of the sessions, by their numbers on the screen.
windows_listed() {
	local session
	for session in "${desk_sessions[@]}"; do
		window_id "$session"
	done
}
