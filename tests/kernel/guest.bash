# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A vkernel of its own, without launcher and session, for tests of what it has on the host.
#
# To be sourced. A test is a list of steps, each a function that is run by `step`; the first command
# that fails ends the test. VKERNEL is the binary, CPUS is how many CPUs guests have that do not say
# otherwise. Everything is below $scratch; what guest NAME writes to its console and the vkernel to
# its standard error is in $scratch/NAME.log.
set -eu -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
: "${VKERNEL:?names the vkernel}" "${CPUS:=1}"
scratch=$(mktemp -d)
declare -A guest_pid=()
steps=0
running=

# Seconds; nothing here takes that long, however slow the machine.
LIMIT=${LIMIT:-120}

end_all() {
	local status=$? pid log
	if [[ $running ]]; then
		printf 'not ok %d - %s\n' $steps "$running"
		for log in "$scratch"/*.log; do
			printf '# ---- %s\n' "${log##*/}"
			tail -n 40 "$log" | sed 's/^/# /'
		done
	fi
	for pid in "${guest_pid[@]}" $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	if declare -F clean_up >/dev/null; then clean_up; fi
	rm -rf "$scratch"
	exit $status
}
trap end_all EXIT

fail() {
	printf '# %s\n' "$*"
	return 1
}

# step NAME FUNCTION ARGUMENT...
step() {
	steps=$((steps + 1))
	running=$1
	"${@:2}"
	running=
	printf 'ok %d - %s\n' $steps "$1"
}

finish() {
	printf '1..%d\n' $steps
}

# What this shell happens to have open is not for a guest, but for $for_guest.
close_descriptors() {
	local path fd
	for path in /proc/"$BASHPID"/fd/*; do
		fd=${path##*/}
		if ((fd > 2 && fd != ${for_guest:-0})); then exec {fd}>&-; fi
	done
}

# Start a vkernel in the background, by the program $runner if that is set: guest_start NAME PARAMETER...
guest_start() {
	local name=$1
	shift
	: >"$scratch/$name.log"
	(
		close_descriptors
		exec ${runner:+"$runner"} "$VKERNEL" mem=128M seccomp=on "uml_dir=$scratch/" "umid=$name" con=null \
			con0=null,fd:1 quiet "$@"
	) </dev/null >>"$scratch/$name.log" 2>&1 &
	guest_pid[$name]=$!
}

# Boot with a script of this directory as PID 1: guest_boot NAME SCRIPT PARAMETER...
guest_boot() {
	guest_start "$1" "ncpus=$CPUS" root=/dev/root rootfstype=hostfs rootflags=/ ro \
		"init=$here/$2" "${@:3}"
}

guest_thaw() {
	guest_start "$1" "thaw=$scratch/$2" "${@:3}"
}

# Wait until the console has shown a line: guest_says NAME REGEXP
guest_says() {
	grep -aqE -m1 -- "$2" < <(
		exec timeout "$LIMIT" tail -n +1 -F "--pid=${guest_pid[$1]}" "$scratch/$1.log" 2>/dev/null
	) || fail "guest $1 does not say '$2'"
}

# Wait for the end: guest_ends NAME STATUS
guest_ends() {
	local status=0
	timeout "$LIMIT" tail -f /dev/null "--pid=${guest_pid[$1]}" || fail "guest $1 does not end"
	wait "${guest_pid[$1]}" || status=$?
	unset "guest_pid[$1]"
	((status == $2)) || fail "guest $1 ended with status $status, not $2"
}

guest_kill() {
	kill -KILL "${guest_pid[$1]}"
	wait "${guest_pid[$1]}" 2>/dev/null || true
	unset "guest_pid[$1]"
}

# Send a request to the management console, with a descriptor, and print the reply:
# mconsole NAME REQUEST [DESCRIPTOR]
mconsole() {
	timeout "$LIMIT" "$here/mconsole.py" "$scratch/$1/mconsole" "${@:2}"
}

# A guest of init-idle.sh still answers.
guest_is_alive() {
	: >"$scratch/$1.log"
	mconsole "$1" cad >/dev/null
	guest_says "$1" 'guest: alive'
}

# guest_save NAME DIRECTORY
guest_save() {
	mkdir "$scratch/$2"
	mconsole "$1" "save $scratch/$2" >"$scratch/reply" || fail "$(<"$scratch/reply")"
}

# Save, and end before anything else happens: guest_save_and_kill NAME DIRECTORY
guest_save_and_kill() {
	mkdir "$scratch/$2"
	mconsole "$1" "save hold $scratch/$2" >"$scratch/reply" || fail "$(<"$scratch/reply")"
	guest_kill "$1"
}

# A start that the vkernel refuses, with a line on standard error: refused REGEXP COMMAND...
refused() {
	"${@:2}"
	guest_ends "$3" 3
	grep -qE "^thaw: .*$1" "$scratch/$3.log" || fail "no line '$1'"
}
