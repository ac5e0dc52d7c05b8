#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All fault injection: `./run faults`. Usage: faults.sh BUILD [--short]
#
#   inject  each system call of each operation fails once, or the process is killed there (fake vkernel)
#   power   power fails at each moment, in each state that the disk may be in (fake vkernel)
#   real    calls of a real vkernel and launcher fail once, or they are killed there
#   kills   the command, and then the vkernel, are killed in the middle of real saves and thaws
#
# The last line is `N fault points, M saves lost`.
set -uo pipefail

build=$1
every=1
every_real=1
rounds=20
[[ ${2:-} != --short ]] || { every=41; every_real=31; rounds=3; }
vksession=${VKSESSION:-$build/stage/bin/vksession}
session=faults-$$
points=0
lost=0
wrong=0

# Adds up the last line of a program of the kind "N fault points, M saves lost".
add() {
	local output status=0 n m
	output=$("$@") || status=$?
	printf '%s\n' "$output"
	read -r n _ _ m _ <<<"$(tail -n 1 <<<"$output")"
	points=$((points + n))
	lost=$((lost + m))
	((status == 0)) || wrong=$((wrong + 1))
}

complain() {
	printf 'WRONG kills: %s\n' "$*"
	wrong=$((wrong + 1))
}

# Every save that was good must be good after a fault. Arguments: what was done, numbers of saves.
judge() {
	local what=$1 number
	shift
	points=$((points + 1))
	(($# > 0)) || complain "$what: there was no save"
	for number; do
		"$vksession" verify "$session" "$number" >/dev/null 2>&1 || {
			complain "$what: save $number is lost"
			lost=$((lost + 1))
		}
	done
}

# The policy keeps one more: a save that is complete before it can be killed removes none of these.
newest_saves() {
	"$vksession" saves "$session" --json | sed -n 's/^    "save" : \([0-9]*\),$/\1/p' | tail -n 5
}

state() {
	"$vksession" list "$session" --json | sed -n 's/^    "state" : "\(.*\)",$/\1/p'
}

vkernel() {
	"$vksession" list "$session" --json | sed -n 's/^    "vkernel_pid" : \([0-9]*\),$/\1/p'
}

# Starts a command and kills something after some milliseconds, unless the command was quicker.
killed_after() {
	local ms=$1 victim=$2 pid
	shift 2
	"$@" >/dev/null 2>&1 &
	pid=$!
	sleep "$(printf '0.%03d' "$ms")"	# nothing to wait for: any moment will do
	[[ $victim == command ]] && victim=$pid
	kill -9 "$victim" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# The command dies; the session goes on, and the next command clears up.
kill_commands() {
	local i known
	for ((i = 0; i < rounds; i++)); do
		mapfile -t known < <(newest_saves)
		killed_after $((i * 47 % 900)) command "$vksession" save "$session"
		judge "command killed in a save" "${known[@]}"
		[[ $(state) == running ]] || complain "the session is $(state)"
		"$vksession" save "$session" >/dev/null || complain "the next save fails"
		"$vksession" exec "$session" -- /bin/true || complain "the session does not go on"
	done
}

# The vkernel dies, in a save; the last good save is thawed.
kill_vkernels() {
	local i known
	for ((i = 0; i < rounds; i++)); do
		mapfile -t known < <(newest_saves)
		killed_after $((i * 53 % 900)) "$(vkernel)" "$vksession" save "$session"
		judge "vkernel killed in a save" "${known[@]}"
		[[ $(state) == crashed ]] || complain "the session is $(state), and not crashed"
		killed_after $((i * 31 % 900)) command "$vksession" thaw --detach "$session"
		judge "command killed in a thaw" "${known[@]}"
		[[ $(state) == running ]] && "$vksession" stop "$session" >/dev/null
		"$vksession" thaw --detach "$session" >/dev/null || complain "the next thaw fails"
		"$vksession" exec "$session" -- /bin/true || complain "the session is not back"
	done
}

add "$build/tests/faults/faults-inject" --every "$every" --jobs "$(nproc)"
add "$build/tests/faults/faults-power" --every "$every" --jobs "$(nproc)"
add "$build/tests/faults/faults-real" "$vksession" --every "$every_real"
before=$points
if "$vksession" run -s "$session" --detach --memory 512M --no-network -- /bin/sleep infinity >/dev/null &&
	"$vksession" policy "$session" keep=6 >/dev/null && "$vksession" save "$session" >/dev/null; then
	kill_commands
	kill_vkernels
	"$vksession" stop "$session" >/dev/null
else
	complain "no session to disturb"
fi
"$vksession" drop --yes "$session" >/dev/null
printf 'kills: %d fault points\n' $((points - before))
((wrong == 0)) || printf '%d times something was wrong\n' $wrong
printf '%d fault points, %d saves lost\n' $points $lost
((wrong == 0 && lost == 0))
