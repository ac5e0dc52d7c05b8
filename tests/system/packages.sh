#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the Debian packages of this tree from a copy of it.
# Usage: packages.sh DIRECTORY: the .deb files are laid there.
# Environment: VKSESSION_KERNEL_BINARY, as for ./run.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd -P)
to=$(mkdir -p "$1" && cd "$1" && pwd -P)

# Always the same place, so that a compiler cache knows the files again.
work=/var/tmp/vksession-package-$EUID
mkdir -m 700 "$work" 2>/dev/null || true
[[ -O $work ]] || exit 1
exec 9<"$work"
flock 9
trap 'rm -rf "${work:?}"/*' EXIT
rm -rf "${work:?}"/*

mkdir "$work/vksession"
if git -C "$top" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git -C "$top" ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' file; do
			[[ ! -f $top/$file ]] || printf '%s\0' "$file"
		done
else
	(cd "$top" && find . -path './build*' -prune -o -type f -print0)
fi | tar -C "$top" --null -T - -cf - | tar -C "$work/vksession" -xf - --no-same-owner

# The build is given a home of its own, where no compiler cache would find what it knows.
if command -v ccache >/dev/null; then
	CCACHE_DIR=$(ccache --get-config cache_dir)
	export CCACHE_DIR
fi

cd "$work/vksession"
cp -r desktop/packaging/debian debian
DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" dpkg-buildpackage -b -us -uc -d -Pnocheck
rm -f "$to"/*.deb
cp ../*.deb "$to/"
