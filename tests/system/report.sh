# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the programs of the system tests have in common: where things lie, and how stories are run and
# counted. To be sourced first; it sources the rest.
#
# Environment:
#   VKSESSION_KERNEL_BINARY  the vkernel to package; else one is built
#   VKSESSION_TEST_DEBS      directory of packages to test, instead of building them
#   VKSESSION_TEST_CACHE     where trees and downloads are kept, default /var/cache/vksession-tests
#   VKSESSION_TEST_OUTPUT    screenshots, figures and journals; default build/system

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
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
# shellcheck source=tests/system/figures.sh
. "$top/tests/system/figures.sh"
# shellcheck source=tests/system/memory.sh
. "$top/tests/system/memory.sh"
# shellcheck source=tests/system/install.sh
. "$top/tests/system/install.sh"
# shellcheck source=tests/system/upgrade.sh
. "$top/tests/system/upgrade.sh"

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

# Prepares everything up to an installed root, from which a machine can be made.
report_begin() {
	((EUID == 0)) || { fail "needs root"; exit 1; }
	mkdir -p "$output" "$cache"
	trap report_clean EXIT
	install_prepare || { printf 'FAILED system: preparation\n0 passed, 1 failed\n'; exit 1; }
	story install
}

report_clean() {
	machine_remove
	install_finish
	rm -rf "$work"
}

# Prints the counts. Return: whether nothing failed.
report_end() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	((failed == 0))
}
