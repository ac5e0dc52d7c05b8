#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What makes programs faster changes nothing for them, and can be switched off.
. "$(dirname "$0")/guest.bash"
: "${PAGES_AROUND:?names the program pages-around}"

on_the_host() {
	"$PAGES_AROUND" 1
}

# in_the_guest PAGES PARAMETER...: so many pages does a write bring
in_the_guest() {
	guest_boot around init-run.sh "PROGRAM=\"$PAGES_AROUND $1\"" "${@:2}"
	guest_says around 'guest: status 0'
	guest_ends around 0
}

step "on the host a write brings one page" on_the_host
step "in the guest it brings 16" in_the_guest 16
step "um_fault_around=1 brings one" in_the_guest 1 um_fault_around=1
step "um_fault_around=7 brings 4" in_the_guest 4 um_fault_around=7
finish
