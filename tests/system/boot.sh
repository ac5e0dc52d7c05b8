#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boots a directory tree as a machine of its own, with systemd as PID 1, its own network (none) and
# its own control groups. Ends when that machine powers off (0) or reboots (133).
# Usage: boot.sh ROOT NAME; run it in a session with a terminal of its own, such as script(1) makes.
set -euo pipefail

root=$1
name=$2

# A mount namespace and a control group namespace for systemd-nspawn itself: without a systemd on
# the host it finds no cgroup2 tree where it looks for one, and /run must not be the host's.
# shellcheck disable=SC2016	# expanded by the inner shell
exec unshare -m --propagation private -C bash -c '
	set -e
	mount -t tmpfs -o mode=755 tmpfs /run
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
	exec systemd-nspawn --quiet -D "$1" --boot --machine="$2" --register=no --keep-unit \
		--private-users=no --console=interactive --private-network
' - "$root" "$name"
