#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lid of a laptop is closed: in a machine of QEMU's with Debian's kernel, an input device with a
# lid switch, logind's own handling of it, and the kernel's real suspend to memory. Needs root, and
# some minutes, as all of it is emulated: one session runs there, with one program in it. What is shown
# is that the kernel waits for vksession-pm, that the session was saved by then, goes on after waking
# and knows how late it is; and that all is ready for the next time. More sessions are in the container
# (run.sh).
# Ends with "N passed, N failed". Usage and environment: as of run.sh.
set -uo pipefail

# shellcheck source=tests/system/report.sh
. "$(dirname "$0")/report.sh"
# shellcheck source=tests/system/qemu.sh
. "$top/tests/system/qemu.sh"

session_limit=900	# seconds until a program runs in a session, all of it emulated
lid_sleep=15	# seconds that the machine sleeps, so that a clock that stood still shows

story_login() {
	machine_run systemd-run --quiet --collect --unit=laptop-lid /usr/local/bin/lid && log_in &&
		wait_for 60 "logind to see the lid" lid_is_seen
}

lid_is_seen() {
	machine_run journalctl --no-pager --output=cat -t systemd-logind --boot |
		grep -q 'Watching system buttons on .*Lid Switch'
}

# A terminal in which a clock ticks: it notes each second.
story_session() {
	local began=$SECONDS
	autosave_is 0 || return 1
	# Whoever asks for the window again and again takes from the session what little there is.
	# shellcheck disable=SC2016	# for the shell in the session
	machine_user vksession run -s lid -- xterm -e bash -c \
		'exec 3<> <(:); until read -r -t 1 -u 3; do date +%s >>~/ticks; done' \
		>>"$machine/commands.log" 2>&1 || return 1
	machine_user timeout "$session_limit" sh -c 'tail -n +1 -F ~/ticks 2>&1 | grep -m 1 "^[0-9]"' \
		>>"$machine/commands.log" || fail "the clock does not tick" || return 1
	printf '   the session came up in %d s\n' $((SECONDS - began))
	clock_is_right
}

ticks() {
	machine_user wc -l "/home/$machine_user_name/ticks" | cut -d ' ' -f 1
}

ticks_are_more() {
	(($(ticks) > $1))
}

# What the guest takes for the time is what its host does.
clock_is_right() {
	local before guest after
	before=$(machine_run date +%s)
	guest=$(machine_user vksession exec lid -- date +%s) || return 1
	after=$(machine_run date +%s)
	printf '   by the host it is %d to %d s, by the session %d s\n' "$before" "$after" "$guest"
	((guest >= before - 2 && guest <= after + 2)) || fail "the session's clock is wrong"
}

terminal() {
	machine_user vksession exec lid -- pgrep -x xterm
}

qemu_is_suspended() {
	qemu_tell "info status" && tail -n 3 "$machine/monitor.log" | grep -q suspended
}

# Seconds since the boot at which the journal last had a line. Arguments: the line, whose (a match of
# journalctl's).
journal_time() {
	machine_run journalctl --no-pager --boot --output=short-monotonic "$2" |
		sed -n "s/^\[ *\([0-9.]*\)\].*$1.*/\1/p" | tail -n 1
}

slept_long_enough() {
	((SECONDS >= $1))
}

# Closing the lid makes logind announce sleep; vksession-pm has its save made and lets go of the lock;
# then the kernel suspends, until QEMU wakes it.
lid_cycle() {
	: >"$machine/monitor.log"	# what it said of an earlier sleep
	machine_run bash -c 'echo >/run/lid' || return 1
	wait_for 600 "the kernel to suspend" qemu_is_suspended || return 1
	wait_for 60 "time to pass" slept_long_enough $((SECONDS + lid_sleep)) || return 1
	qemu_tell system_wakeup
	wait_for 600 "the machine to wake" woke_after "$1"
}

# All in its order. Argument: how many saves for a sleep there had been.
sleep_was_orderly() {
	local closed saved released suspended
	pm_saved_for_sleep "$1" || fail "nothing was saved before the sleep" || return 1
	closed=$(journal_time 'Lid closed' _COMM=systemd-logind)
	saved=$(journal_time 'sleep: saved in' "_UID=$machine_uid")
	released=$(journal_time 'the lock is released after' "_UID=$machine_uid")
	suspended=$(journal_time 'PM: suspend entry' _TRANSPORT=kernel)
	printf '   lid closed at %s s, saved at %s s, lock released at %s s, kernel suspends at %s s\n' \
		"$closed" "$saved" "$released" "$suspended"
	awk -v a="$closed" -v b="$saved" -v c="$released" -v d="$suspended" \
		'BEGIN { exit !(a && a < b && b <= c && c < d) }' || fail "that is not the order"
}

# When the newest save was begun, by the wall clock.
saved_at() {
	machine_user vksession saves lid --json |
		sed -n 's/.*"utc_us" : \([0-9]*\)[0-9]\{6\},/\1/p' | sort -n | tail -n 1
}

# The session that was saved goes on as if nothing had been, but for the time. Argument: how often the
# machine has slept before.
story_lid_closes() {
	local saves pid count began moment
	saves=$(pm_journal | grep -c 'sleep: saved')
	pid=$(terminal) && count=$(ticks) && began=$(machine_run date +%s) || return 1
	lid_cycle "${1:-0}" && clock_is_right || return 1
	wait_for 300 "the next lock" lock_is_held && sleep_was_orderly "$saves" || return 1
	moment=$(saved_at) && printf '   the save was begun %d s after the order to close the lid\n' \
		$((moment - began))
	((moment >= began)) || fail "there is no save of this moment" || return 1
	[[ $(terminal) == "$pid" ]] || fail "the terminal is another one" || return 1
	wait_for "$window_limit" "the session to go on" ticks_are_more $((count + 1))
}

story_lid_closes_again() {
	story_lid_closes 1
}

# The kernel has woken more often than so many times.
woke_after() {
	(($(machine_run journalctl --no-pager --boot --dmesg | grep -c 'PM: suspend exit') > $1))
}

main() {
	local name
	report_begin
	qemu_new "$install_layers" && machine_boot || failed=$((failed + 1))
	for name in login session lid_closes lid_closes_again; do
		story "$name"
	done
	report_end
}

main
