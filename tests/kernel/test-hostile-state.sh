#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# State files that are wrong in all ways, with the right checksum: the vkernel refuses them or goes on,
# and never crashes or hangs.
#
# TIMES is how many, SEED another series of them; the long form is
#     TIMES=20000 SEED=2 KEEP=DIRECTORY VKERNEL=... tests/kernel/test-hostile-state.sh
# where those that do harm are kept in DIRECTORY, with the save that they are made from.
. "$(dirname "$0")/guest.bash"

save_guest() {
	mkdir -p "$scratch/files"
	guest_boot first init-idle.sh "ncpus=$1" "deleted=$scratch/files"
	guest_says first booted
	guest_save_and_kill first "save$1"
}

mutate() {
	mkdir "$scratch/out"
	"$here/mutate-state.py" "$VKERNEL" "$scratch/save$1" "$scratch/out" "${TIMES:-150}" "${SEED:-1}" || {
		if [[ ${KEEP-} ]]; then cp -r "$scratch/out" "$scratch/save$1" "$KEEP"; fi
		return 1
	}
	rm -r "${scratch:?}/out"
}

for cpus in 1 2; do
	step "a save with $cpus CPUs" save_guest $cpus
	step "wrong state files of it" mutate $cpus
done
finish
