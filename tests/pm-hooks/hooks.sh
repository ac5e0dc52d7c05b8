#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hooks of systems without logind call vksession-power-event with the right event.
# Usage: hooks.sh DIRECTORY with the configured hooks. Prints TAP.
set -u
hooks=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# Arguments: what, expected event ("" for none), hook, its arguments.
check() {
	local what=$1 expected=$2 hook=$3
	shift 3
	number=$((number + 1))
	: >"$work/called"
	sed "s|[^ ]*/vksession-power-event|$work/record|" "$hooks/$hook" >"$work/hook"
	sh "$work/hook" "$@" || echo "status $?" >>"$work/called"
	if [[ $(<"$work/called") == "$expected" ]]; then
		echo "ok $number $what"
	else
		echo "not ok $number $what: called with '$(<"$work/called")'"
	fi
}

printf '#!/bin/sh\necho "$*" >>%s\n' "$work/called" >"$work/record"
chmod +x "$work/record"

echo 1..8
check "pm-utils suspends" sleep pm_utils_50vksession suspend
check "pm-utils hibernates" sleep pm_utils_50vksession hibernate
check "pm-utils wakes" "" pm_utils_50vksession resume
check "systemd suspends" sleep system_sleep_vksession pre suspend
check "systemd wakes" "" system_sleep_vksession post suspend
check "System V init stops" shutdown sysvinit_vksession stop
check "System V init starts" "" sysvinit_vksession start
check "System V init is asked for something else" "status 3" sysvinit_vksession reload 2>/dev/null
