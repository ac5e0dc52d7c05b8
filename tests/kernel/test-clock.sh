#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's wall clock while it runs: the guest may set it, until the host's own jumps, as it does
# when the host was suspended or its clock is set. No test can do that to the machine that it runs on.
# So the vkernel is made to believe that the host's clock was another before: by moving what it
# remembers of it, host_clock_offset in arch/um/kernel/time.c.
. "$(dirname "$0")/guest.bash"

HOUR=3600

# Ask the guest for the time, and set `late` to the seconds that it is behind the host: ask
ask() {
	local time
	: >"$scratch/first.log"
	mconsole first cad >/dev/null
	guest_says first '^guest: time [0-9]+'
	time=$(sed -nE 's/^guest: time ([0-9]+).*/\1/p' "$scratch/first.log")
	late=$(($(date +%s) - time))
}

boot() {
	guest_boot first init-clock.sh
	guest_says first '^guest: booted'
	ask
	((late >= HOUR && late < HOUR + LIMIT)) || fail "the guest is $late seconds late"
}

remember_another_clock() {
	"$here/move-clock.py" "${guest_pid[first]}" "$VKERNEL" "$((HOUR * 1000000000))"
}

# The work is done soon after the next tick; each question makes the guest tick.
clock_is_right() {
	local end=$((SECONDS + LIMIT))
	ask
	while ((late > 5 && SECONDS < end)); do ask; done
	((late >= -1 && late <= 5)) || fail "the guest is still $late seconds late"
}

step "a guest that has set its clock an hour back keeps it so" boot
step "the host's clock jumps" remember_another_clock
step "the guest's clock is that of the host" clock_is_right
guest_kill first
finish
