# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stories of large sessions: three that have 500 MB in use each, and no others, in a machine that waits
# for nobody longer than 5 s. To be sourced after figures.sh.

large_sessions=(large1 large2 large3)
large_mib=500
declare -A large_sum=()	# checksum of what each has in memory

large_file() {
	printf '%s\n' "/home/$machine_user_name/$1"
}

large_told() {
	machine_user test -f "$(large_file "$1")"
}

sessions_running() {
	machine_user vksession list | awk '$2 == "running" { print $1 }'
}

# Has a login in which these three run and nothing else does, each with memory that no save has yet, and
# nothing is saved in the background.
large_begin() {
	local session
	machine_screen_is_up >/dev/null 2>&1 || log_in || return 1
	autosave_is 0 || return 1
	for session in $(sessions_running); do
		[[ ${large_sum[$session]:-} ]] || machine_user vksession stop "$session" \
			>>"$machine/commands.log" 2>&1 || return 1
	done
	if ((${#large_sum[@]} > 0)); then
		large_ask USR2 || return 1
	else
		large_start || return 1
	fi
	large_note
}

# Starts them, each in a terminal.
large_start() {
	local session
	for session in "${large_sessions[@]}"; do
		machine_user vksession run -s "$session" -- xterm -name "$session" \
			-e hold-memory "$large_mib" "$(large_file "$session")" \
			>>"$machine/commands.log" 2>&1 || return 1
	done
}

# Has them compute the checksums of their memory anew: as it is for USR1, after filling all of it anew
# for USR2, and a twentieth of it for HUP.
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

# What a session's last save says of itself. Arguments: session, member.
last_save() {
	machine_user vksession saves --json "$1" |
		sed -n "s/^ *\"$2\" : \"\?\([^\",]*\)\"\?,\?\$/\1/p" | tail -n 1
}

last_save_is() {
	[[ $(last_save "$1" reason) == "$2" ]]
}

# Of each session the last save has this reason and wrote so many MiB. Arguments: reason, at least, at
# most.
large_were_saved() {
	local session mib
	for session in "${large_sessions[@]}"; do
		last_save_is "$session" "$1" ||
			fail "the last save of $session is one for $(last_save "$session" reason)" ||
			return 1
		mib=$(($(last_save "$session" written_bytes) >> 20))
		printf '   %s: the save for %s wrote %d MiB, stood still %d ms, took %d ms\n' "$session" \
			"$1" "$mib" $(($(last_save "$session" dump_us) / 1000)) \
			$(($(last_save "$session" total_us) / 1000)) | tee -a "$output/figures.txt"
		((mib >= $2 && mib <= $3)) || fail "that is not $2 to $3 MiB" || return 1
	done
}

# Prints the process ids of the vkernels of a session, or of all.
vkernels() {
	machine_run pgrep -x -a vkernel | awk -v in_it="/vksession/${1:-}" 'index($0, in_it) { print $1 }'
}

# As on a machine that swaps: nothing goes on in a session until logind no longer waits, and services
# are stopped.
large_stalls() {
	local vkernel
	vkernel=$(vkernels "$1/") && [[ $vkernel ]] || return 1
	machine_run systemd-run --quiet --unit=stall -p Type=oneshot -p RemainAfterExit=yes \
		-p "ExecStop=/bin/kill -CONT $vkernel" /bin/kill -STOP "$vkernel"
}

# All of the memory is new when the machine goes down, and saved nowhere: there is more to do than in the
# time that logind waits, and what is not done then is saved while the user's service manager stops.
story_second_net() {
	large_begin && large_stalls large3 || return 1
	power_cycle "3 sessions of $large_mib MiB, all new, one of them stalled" || return 1
	pm_ran_out_of_time || fail "all was saved in the time that logind waits" || return 1
	large_were_saved shutdown "$large_mib" $((large_mib + 1000)) && large_are_whole
}

# The same, but saved in the background while they are used: what is new since then, a twentieth, is
# saved in the time that logind waits.
story_background_saves() {
	local session
	large_begin && autosave_is 1 || return 1
	for session in "${large_sessions[@]}"; do
		wait_for 300 "$session to be saved in the background" last_save_is "$session" autosave ||
			return 1
	done
	large_were_saved autosave "$large_mib" $((large_mib + 1000)) && autosave_is 0 &&
		large_ask HUP && large_note || return 1
	power_cycle "3 sessions of $large_mib MiB, saved in the background" || return 1
	! pm_ran_out_of_time || fail "logind did not wait long enough" || return 1
	large_were_saved shutdown $((large_mib / 20)) $((large_mib / 5)) && large_are_whole
}
