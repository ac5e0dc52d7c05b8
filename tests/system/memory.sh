# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stories of large sessions: three that have 500 MB in use each, in a machine that waits for nobody
# longer than 5 s. To be sourced after figures.sh.

large_sessions=(large1 large2 large3)
large_mib=500
declare -A large_sum	# checksum of what each has in memory

large_file() {
	printf '%s\n' "/home/$machine_user_name/$1"
}

large_told() {
	machine_user test -f "$(large_file "$1")"
}

# Starts them, each in a terminal.
large_start() {
	local session
	for session in "${large_sessions[@]}"; do
		machine_user vksession run -s "$session" -- xterm -name "$session" \
			-e hold-memory "$large_mib" "$(large_file "$session")" \
			>>"$machine/commands.log" 2>&1 || return 1
	done
	large_note
}

# Makes them compute the checksums of their memory anew, after filling it anew if the signal is USR2.
large_ask() {
	local session
	for session in "${large_sessions[@]}"; do
		machine_user rm -f "$(large_file "$session")"
		machine_user vksession exec "$session" -- pkill "-$1" -x hold-memory || return 1
	done
}

# Waits for the checksums and remembers them.
large_note() {
	local session
	for session in "${large_sessions[@]}"; do
		wait_for "$window_limit" "the memory of $session" large_told "$session" || return 1
		large_sum[$session]=$(machine_user cat "$(large_file "$session")")
	done
}

# Nothing of the memory was lost.
large_are_whole() {
	local session
	local -A before
	for session in "${large_sessions[@]}"; do
		before[$session]=${large_sum[$session]}
		window_wait "$session" || return 1
	done
	large_ask USR1 && large_note || return 1
	for session in "${large_sessions[@]}"; do
		[[ ${before[$session]} == "${large_sum[$session]}" ]] ||
			fail "the memory of $session is not what it was" || return 1
	done
}

# Sets how often sessions are saved in the background, in minutes; 0: not at all.
autosave_is() {
	local file=/home/$machine_user_name/.config/vksession/vksession.conf enabled=yes
	(($1 > 0)) || enabled=no
	machine_user mkdir -p "${file%/*}"
	printf '[autosave]\nenabled = %s\nevery = %d\n' "$enabled" $(($1 > 0 ? $1 : 1)) |
		machine_user tee "$file" >/dev/null
}

pm_ran_out_of_time() {
	pm_journal --boot=-1 | grep -q 'shutdown: saving takes longer than logind waits'
}

# Nothing was ever saved, all of the memory is new when the machine goes down: logind does not wait
# long enough, and what is not done then is saved while the user's service manager stops.
story_second_net() {
	autosave_is 0 && large_start || return 1
	power_cycle "3 sessions of $large_mib MiB, never saved before" || return 1
	pm_ran_out_of_time || fail "all was saved in the time that logind waits" || return 1
	large_are_whole
}

large_is_saved() {
	machine_user vksession saves "$1" | grep -q autosave
}

# The same sessions, saved in the background while they are used: what is left to save when the
# machine goes down fits into the time that logind waits.
story_background_saves() {
	local session
	large_ask USR2 && large_note && autosave_is 1 || return 1
	for session in "${large_sessions[@]}"; do
		wait_for 300 "$session to be saved in the background" large_is_saved "$session" ||
			return 1
	done
	power_cycle "3 sessions of $large_mib MiB, saved in the background before" || return 1
	! pm_ran_out_of_time || fail "logind did not wait long enough" || return 1
	large_are_whole
}
