# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the user does at the screen of the machine, and what they see there. To be sourced after
# machine.sh.

window_limit=90	# seconds, on a machine that is busy with other things

# The programs of the stories: name of the menu entry and so of the session, where the menu has it,
# and what it is called there.
desk_sessions=(mousepad xterm galculator)
declare -A desk_menu=([mousepad]=Accessories [xterm]=System [galculator]=Accessories)
declare -A desk_title=([mousepad]=Mousepad [xterm]=XTerm [galculator]=Galculator)
declare -A desk_corner=([mousepad]="40 340" [xterm]="600 60" [galculator]="60 60")
declare -A desk_place	# where the windows stand, by session

# Windows of a program are found by their class or name.
window_find() {
	machine_user xdotool search --onlyvisible --class --classname --name "$1"
}

window_wait() {
	wait_for "$window_limit" "a window '$1'" window_find "$1"
}

window_id() {
	window_find "$1" | head -n 1
}

# Prints place and size of a window.
window_place() {
	local id
	id=$(window_id "$1")
	[[ $id ]] && machine_user xwininfo -id "$id" |
		awk '/Absolute upper-left|Width:|Height:/ { printf "%s ", $NF }'
}

window_is_active() {
	[[ $(machine_user xdotool getactivewindow 2>/dev/null) == "$1" ]]
}

# Gives the keyboard to a window, as a click on it does.
window_activate() {
	local id
	id=$(window_id "$1")
	[[ $id ]] || fail "there is no window '$1'" || return 1
	machine_user xdotool windowactivate "$id" 2>/dev/null
	wait_for 20 "the window '$1' to be active" window_is_active "$id"
}

# Types a text into a window.
window_type() {
	window_activate "$1" && machine_user xdotool type --delay 30 "$2"
}

window_key() {
	window_activate "$1" && machine_user xdotool key --clearmodifiers "$2"
}

# Starts a program in a session by the menu entry that was made for it, clicking through the panel's
# menu, and puts its window into a corner of its own.
desk_start() {
	machine_user vksession desktop add "$1" >>"$machine/commands.log" 2>&1 || return 1
	machine_user timeout "$window_limit" click-on Applications "${desk_menu[$1]}" \
		"${desk_title[$1]} (persistent)" || fail "no menu entry of $1" || return 1
	window_wait "$1" || return 1
	# shellcheck disable=SC2086	# two numbers
	machine_user xdotool windowmove --sync "$(window_id "$1")" ${desk_corner[$1]}
	desk_place[$1]=$(window_place "$1")
}

window_is_in_place() {
	[[ $(window_place "$1") == "${desk_place[$1]}" ]]
}

# The windows of the sessions are there, where they were and as large.
windows_are_back() {
	local session
	for session in "$@"; do
		window_wait "$session" || return 1
		wait_for 20 "the window '$session' to stand at ${desk_place[$session]}" \
			window_is_in_place "$session" ||
			fail "it stands at $(window_place "$session")" || return 1
	done
}

# What a program copies when it is told to.
window_copy() {
	window_key "$1" ctrl+c && [[ $(machine_user timeout 10 xclip -o -selection clipboard) == "$2" ]]
}

editor_copy() {
	window_key mousepad ctrl+a && window_copy mousepad "$1"
}

# The editor holds exactly a text.
editor_has() {
	wait_for 30 "the editor to hold '$1'" editor_copy "$1" ||
		fail "it holds '$(machine_user timeout 10 xclip -o -selection clipboard 2>/dev/null)'" || return 1
	window_key mousepad ctrl+End
}

# The calculator shows a number.
calculator_has() {
	wait_for 30 "the calculator to show $1" window_copy galculator "$1"
}

shell_wrote() {
	[[ $(machine_user cat "/home/$machine_user_name/from-shell" 2>/dev/null) == "$1" ]]
}

# The shell's command line, typed before and not entered, is still there: entering it carries it out.
shell_has() {
	machine_user rm -f "/home/$machine_user_name/from-shell"
	window_key xterm Return && wait_for 30 "the shell to write '$1'" shell_wrote "$1"
}

shell_line_is() {
	window_key xterm ctrl+t && [[ $(machine_user cat "/home/$machine_user_name/command-line") == "$1" ]]
}

shell_prepare() {
	local line="echo $1 > ~/from-shell"
	window_key xterm ctrl+u && window_type xterm "$line" &&
		wait_for 30 "the shell to have '$line'" shell_line_is "$line"
}

# Adds to the editor's text, without saving it. What was typed has arrived when a story goes on: what is
# still on its way into the session when that is saved would be lost.
editor_type() {
	window_type mousepad "$1" && text+=$1 && editor_has "$text"
}

screenshot() {
	mkdir -p "$output"
	machine_user import -window root png:- >"$output/$1.png" 2>/dev/null || true
}

# A notification was shown in this login with such a text.
was_notified() {
	machine_user grep -q "$1" "/home/$machine_user_name/.notifications"
}

one_notification_is_shown() {
	[[ $(machine_user dunstctl count displayed) == 1 ]]
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
