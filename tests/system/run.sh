#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# System tests: the Debian package, installed in a fresh Debian 12, booted with systemd in a
# container, with a real login of an ordinary user. Needs root.
# Prints one line a story and ends with "N passed, N failed"; figures stand in between.
#
# Usage: run.sh [STORY...]
# Environment:
#   VKSESSION_KERNEL_BINARY  the vkernel to package; else one is built
#   VKSESSION_TEST_DEBS      directory of packages to test, instead of building them
#   VKSESSION_TEST_CACHE     where trees and downloads are kept, default /var/cache/vksession-tests
#   VKSESSION_TEST_OUTPUT    screenshots, figures and journals; default build/system
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd -P)
cache=${VKSESSION_TEST_CACHE:-/var/cache/vksession-tests}
output=${VKSESSION_TEST_OUTPUT:-$top/build/system}
work=$(mktemp -d /var/tmp/vksession-system-XXXXXX)
machine=$work/machine
passed=0
failed=0

# shellcheck source=tests/system/machine.sh
. "$top/tests/system/machine.sh"
# shellcheck source=tests/system/desk.sh
. "$top/tests/system/desk.sh"
# shellcheck source=tests/system/stories.sh
. "$top/tests/system/stories.sh"
# shellcheck source=tests/system/install.sh
. "$top/tests/system/install.sh"

figure() {
	printf '   %s: %s ms\n' "$1" "${2:-?}" | tee -a "$output/figures.txt"
	[[ ${2:-} ]] || fail "no figure for: $1"
}

keep_journal() {
	machine_run journalctl --no-pager --boot >"$output/$1.journal" 2>/dev/null
	cp "$machine/commands.log" "$machine/console.log" "$output/" 2>/dev/null
	screenshot "$1"
}

# Runs a story. What follows one that failed may fail for its sake, but is tried.
story() {
	local name=$1 began=$SECONDS
	if "story_$name"; then
		printf 'ok system: %s (%d s)\n' "$name" $((SECONDS - began))
		passed=$((passed + 1))
	else
		keep_journal "failed-$name"
		printf 'FAILED system: %s (%d s)\n' "$name" $((SECONDS - began))
		failed=$((failed + 1))
	fi
}

finish() {
	machine_remove
	install_finish
	rm -rf "$work"
}

main() {
	local stories=(first_login poweroff suspend hook logout battery plug five_sessions one_session
		without_vksession) name
	(($# == 0)) || stories=("$@")
	((EUID == 0)) || { fail "needs root"; return 1; }
	mkdir -p "$output" "$cache"
	rm -f "$output"/*
	trap finish EXIT
	install_prepare || { printf 'FAILED system: preparation\n0 passed, 1 failed\n'; return 1; }
	story install
	machine_new "$install_layers"
	machine_boot
	for name in "${stories[@]}"; do
		story "$name"
	done
	machine_kill
	story purge
	printf '%d passed, %d failed\n' "$passed" "$failed"
	((failed == 0))
}

main "$@"
