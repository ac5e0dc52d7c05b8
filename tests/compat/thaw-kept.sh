#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thaws each save that was kept of an earlier build, on this host and as on an older one. Usage: thaw-kept.sh COMPAT LAUNCHER
set -euo pipefail

place=/tmp/vksession-compat	# the guests in the saves know their files by this path
here=$(dirname "$(realpath "$0")")
launcher=$(realpath "$2")
count=0

[[ ! -e $place || -O $place ]] || { echo "$place belongs to somebody else"; exit 1; }
mkdir -m 700 "$place" 2>/dev/null || [[ -d $place ]]
exec 9<"$place"
flock 9
trap 'rm -rf "$place"' EXIT
for save in "$here"/saves/*.tar.xz; do
	for host in this-host old-host; do
		rm -rf "${place:?}"/*
		tar -C "$place" -xJf "$save"
		printf '%s, %s: ' "$(basename "$save" .tar.xz)" "$host"
		"$1" thaw "$launcher" "$host" || { cat "$place/log"; exit 1; }
		count=$((count + 1))
	done
done
((count > 0))
