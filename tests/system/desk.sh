# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the user does at the screen of the machine, and what they see there. To be sourced after
# machine.sh.

window_limit=90	# seconds, on a machine that is busy with other things

# The programs of the stories: session, title of its window, command.
desk_sessions=(notes shell sums)
declare -A desk_title=([notes]=Mousepad [shell]=terminal [sums]=Calculator)
declare -A desk_command=([notes]=mousepad [sums]=xcalc
	[shell]='xterm -title terminal -e bash --norc --noprofile')

window_find() {
	machine_user xdotool search --onlyvisible --name "$1"
}

window_wait() {
	wait_for "$window_limit" "a window '$1'" window_find "$1"
}

window_id() {
	window_find "$1" | head -n 1
}

window_is_active() {
	[[ $(machine_user xdotool getactivewindow 2>/dev/null) == "$1" ]]
}

# Gives the keyboard to the window of a title, as a click on it does.
window_activate() {
	local id
	id=$(window_id "$1")
	[[ $id ]] || fail "there is no window '$1'" || return 1
	machine_user xdotool windowactivate "$id" 2>/dev/null
	wait_for 20 "the window '$1' to be active" window_is_active "$id"
}

# Types a text into the window of a title.
window_type() {
	window_activate "$1" && machine_user xdotool type --delay 30 "$2"
}

window_key() {
	window_activate "$1" && machine_user xdotool key --clearmodifiers "$2"
}

# Starts a program in a session of its own, as its menu entry does, and waits for its window.
desk_start() {
	local command
	read -ra command <<<"${desk_command[$1]}"
	machine_user vksession run -s "$1" -- "${command[@]}" >>"$machine/commands.log" 2>&1 ||
		fail "session $1 does not start: $(tail -n 1 "$machine/commands.log")" || return 1
	window_wait "${desk_title[$1]}"
}

editor_copy() {
	window_key Mousepad ctrl+a && window_key Mousepad ctrl+c || return 1
	[[ $(machine_user xclip -o -selection clipboard) == "$1" ]]
}

# The editor holds exactly a text.
editor_has() {
	wait_for 30 "the editor to hold '$1'; it holds '$(machine_user xclip -o -selection \
		clipboard 2>/dev/null)'" editor_copy "$1" && window_key Mousepad ctrl+End
}

shell_wrote() {
	[[ $(machine_user cat "/home/$machine_user_name/from-shell" 2>/dev/null) == "$1" ]]
}

# The shell's command line, typed before and not entered, is still there: entering it carries it out.
shell_has() {
	machine_user rm -f "/home/$machine_user_name/from-shell"
	window_key terminal Return && wait_for 30 "the shell to write '$1'" shell_wrote "$1"
}

shell_prepare() {
	window_key terminal ctrl+u && window_type terminal "echo $1 > ~/from-shell"
}

screenshot() {
	mkdir -p "$output"
	machine_user import -window root png:- >"$output/$1.png" 2>/dev/null || true
}

session_state() {
	machine_user vksession list 2>/dev/null | awk -v name="$1" '$1 == name { print $2 }'
}

session_is() {
	[[ $(session_state "$1") == "$2" ]]
}

lock_is_held() {
	machine_run systemd-inhibit --list --no-legend --no-pager | grep -q '^vksession .*shutdown:sleep'
}

# Lines of vksession-pm in the journal, this boot's unless other arguments are given.
pm_journal() {
	machine_run journalctl --no-pager --output=cat "${@:---boot}" _COMM=vksession-pm
}

pm_said() {
	pm_journal | grep -q "$1"
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
