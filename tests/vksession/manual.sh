#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages name every option that the programs' own --help tells of, and no other.
# Arguments: the tree's top, vksession, vksessiond, vksession-pm.
set -uo pipefail
top=$1
declare -A program=([vksession]=$2 [vksessiond]=$3 [vksession-pm]=$4)
number=0
export LC_ALL=C.UTF-8

# Options in a text that is read, one a line.
options() {
	grep -oE -- '--[a-z][a-z-]*[a-z]' | sort -u
}

# Every program answers to this, and the pages need not say so.
without_help() {
	grep -vxF -- --help
}

# Options that pages name. What is written as another program's command line is that program's.
named() {
	sed 's/\\-/-/g; s/\\f[BIPR]//g; s/systemd --user//; s/journalctl --user//' "$@" | options |
		without_help
}

# Prints a TAP line, and what is amiss. Arguments: description, two lists that are to be the same.
check() {
	number=$((number + 1))
	if [[ $2 == "$3" ]]; then
		printf 'ok %d - %s\n' $number "$1"
	else
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") |
			sed -n 's/^</# not in the page:/p; s/^>/# not there:/p'
		printf 'not ok %d - %s\n' $number "$1"
	fi
}

help_of() {
	"$@" --help | options | without_help
}

# That of `vksession desktop` is another program's, which need not be installed.
mapfile -t verbs < <("${program[vksession]}" --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | grep -vx desktop)
all=$(for verb in "${verbs[@]}"; do help_of "${program[vksession]}" "$verb"; done | sort -u)
check 'vksession(1), vksession-selftest(1)' "$all" \
	"$(named "$top"/vksession/man/vksession.1 "$top"/vksession/man/vksession-selftest.1)"
check 'vksessiond(8)' "$(help_of "${program[vksessiond]}")" \
	"$(named "$top/vksession/daemon/vksessiond.8")"
check 'vksession-pm(8)' "$(help_of "${program[vksession-pm]}")" \
	"$(named "$top/pm-hooks/man/vksession-pm.8")"
printf '1..%d\n' $number
