#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the tree that the system tests boot: Debian 12 with what a desktop needs and the tests drive,
# but nothing of what vksession depends on, which its package has to bring. Kept in a cache.
# Usage: tree.sh [INIT]: prints the tree's path. INIT: systemd (the default), or sysvinit, which comes with
# elogind and acpid.
# Environment: VKSESSION_TEST_CACHE, default /var/cache/vksession-tests.
set -euo pipefail

cache=${VKSESSION_TEST_CACHE:-/var/cache/vksession-tests}
declare -A of_init=(
	[systemd]="systemd systemd-sysv libpam-systemd dbus dbus-user-session"
	[sysvinit]="sysvinit-core elogind libpam-elogind dbus dbus-x11 acpid"
)
read -ra packages <<<"${of_init[${1:-systemd}]}"
packages+=(
	login passwd util-linux procps
	udev policykit-1 xvfb x11-utils x11-xserver-utils xauth xdotool xclip openbox python3-xdg
	xfce4-panel xfconf dunst at-spi2-core libatk-adaptor gir1.2-atspi-2.0 fonts-dejavu-core
	xterm mousepad galculator x11-apps upower umockdev gir1.2-umockdev-1.0
	python3 python3-gi python3-dbus libglib2.0-bin imagemagick
)

hash=$(printf '%s\n' bookworm "${packages[@]}" | sha256sum | cut -c 1-16)
tree=$cache/tree-$hash
mkdir -p "$cache"
exec 9<"$cache"
flock 9
if [[ ! -d $tree ]]; then
	rm -rf "$tree.new"
	IFS=,
	mmdebstrap --mode=root --variant=minbase --skip=check/empty \
		--aptopt='APT::Install-Recommends "false"' --include="${packages[*]}" \
		bookworm "$tree.new" >&2
	mv "$tree.new" "$tree"
fi
printf '%s\n' "$tree"
