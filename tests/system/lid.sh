#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lid of a laptop is closed: in a machine of QEMU's with Debian's kernel, an input device with a
# lid switch, logind's own handling of it, and the kernel's real suspend to memory. Needs root, and
# some minutes, as all of it is emulated; for that reason no session runs there, a guest in an emulated
# machine takes too long to come up. What is shown is that the kernel waits for vksession-pm, and that
# this is ready for the next time; that sessions are saved then is shown in the container (run.sh).
# Ends with "N passed, N failed". Usage and environment: as of run.sh.
set -uo pipefail

# shellcheck source=tests/system/report.sh
. "$(dirname "$0")/report.sh"
# shellcheck source=tests/system/qemu.sh
. "$top/tests/system/qemu.sh"

story_login() {
	machine_run systemd-run --quiet --collect --unit=laptop-lid /usr/local/bin/lid && log_in &&
		wait_for 60 "logind to see the lid" lid_is_seen
}

lid_is_seen() {
	machine_run journalctl --no-pager --output=cat -t systemd-logind --boot |
		grep -q 'Watching system buttons on .*Lid Switch'
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

# Closing the lid makes logind announce sleep; vksession-pm has its save made and lets go of the lock;
# then the kernel suspends, until QEMU wakes it.
lid_cycle() {
	local closed released suspended
	: >"$machine/monitor.log"	# what it said of an earlier sleep
	machine_run bash -c 'echo >/run/lid' || return 1
	wait_for 600 "the kernel to suspend" qemu_is_suspended || return 1
	qemu_tell system_wakeup
	wait_for 600 "the machine to wake" woke_after "$1" || return 1
	closed=$(journal_time 'Lid closed' _COMM=systemd-logind)
	released=$(journal_time "the lock is released after" "_UID=$machine_uid")
	suspended=$(journal_time 'PM: suspend entry' _TRANSPORT=kernel)
	printf '   lid closed at %s s, lock released at %s s, kernel suspends at %s s\n' "$closed" \
		"$released" "$suspended"
	awk -v a="$closed" -v b="$released" -v c="$suspended" 'BEGIN { exit !(a && a < b && b < c) }' ||
		fail "that is not the order" || return 1
	wait_for 300 "the next lock" lock_is_held
}

# The kernel has woken more often than so many times.
woke_after() {
	(($(machine_run journalctl --no-pager --boot --dmesg | grep -c 'PM: suspend exit') > $1))
}

story_lid_closes() {
	lid_cycle 0
}

story_lid_closes_again() {
	lid_cycle 1
}

main() {
	local name
	report_begin
	qemu_new "$install_layers" && machine_boot || failed=$((failed + 1))
	for name in login lid_closes lid_closes_again; do
		story "$name"
	done
	report_end
}

main
