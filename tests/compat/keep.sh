#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a save of this build to be kept in saves/, from then on thawed by the tests. Done once for
# each release, as an ordinary user. Usage: keep.sh BUILD VKERNEL RELEASE
set -euo pipefail

place=/tmp/vksession-compat
build=$(realpath "$1")
archive=$(dirname "$(realpath "$0")")/saves/$3.tar.xz

rm -rf "$place"
"$build/tests/compat/compat" make "$2" "$build/launcher/guest/vkinit" \
	"$build/tests/compat/compat-witness" "$build/launcher/vksession-launcher"
rm -f "$place"/libexec/{vkdisplay,vksession-launcher} "$place"/home/{answer,ask}
tar -C "$place" -S --owner=0 --group=0 --sort=name -cf - save libexec home | xz -9e >"$archive"
rm -rf "$place"
ls -l "$archive"
