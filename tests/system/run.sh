#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# System tests: the Debian package, installed in a fresh Debian 12, booted with systemd in a
# container, with a real login of an ordinary user. Needs root.
# Prints one line a story and ends with "N passed, N failed"; figures stand in between.
#
# Usage: run.sh [--all] [STORY...]
#   --all   the rest as well: the window by its spoken names, a restart of the services, an upgrade of
#           the package, figures of more and of fewer sessions, large sessions, a system without systemd
#           (sysvinit.sh), and a lid in QEMU (lid.sh)
# Environment: see report.sh.
set -uo pipefail

# shellcheck source=tests/system/report.sh
. "$(dirname "$0")/report.sh"

short=(first_login poweroff suspend hook logout battery plug)
long=(screen_reader restart upgrade five_sessions one_session without_vksession second_net
	background_saves purge_next)

# Runs another program of the system tests with the packages of this one, and takes over its counts.
run_other() {
	local log=$output/$1.log p f
	VKSESSION_TEST_DEBS=$work/debs VKSESSION_TEST_OUTPUT=$output "$top/tests/system/$1.sh" \
		2>&1 | tee "$log"
	read -r p _ f _ < <(tail -n 1 "$log")
	passed=$((passed + p))
	failed=$((failed + f))
}

main() {
	local stories=("${short[@]}") others=() name
	if [[ ${1:-} == --all ]]; then
		shift
		stories+=("${long[@]}")
		others=(sysvinit lid)
	fi
	(($# == 0)) || stories=("$@")
	rm -f "$output"/*
	report_begin
	lintian_begin
	machine_new "$install_layers"
	machine_boot
	for name in "${stories[@]}"; do
		story "$name"
	done
	machine_kill
	story lintian
	story purge
	for name in "${others[@]}"; do
		run_other "$name"
	done
	report_end
}

main "$@"
