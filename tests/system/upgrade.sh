# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The package is replaced by its next version while sessions run, and is purged in the end. To be sourced
# after stories.sh and install.sh.

# Packs the same files under the next version.
upgrade_pack() {
	local deb tree=$work/next/tree
	mkdir -p "$work/next"
	for deb in "$work"/debs/*.deb; do
		rm -rf "$tree"
		dpkg-deb -R "$deb" "$tree" &&
			sed -i -E 's/^Version: .*/&+next/; s/(vksession \(= [^)]*)/\1+next/' \
				"$tree/DEBIAN/control" &&
			dpkg-deb --root-owner-group -Znone -b "$tree" "$work/next/${deb##*/}" || return 1
	done >/dev/null
}

# Without a network: all that they need is there.
upgrade_install() {
	local deb
	for deb in "$work"/next/*.deb; do
		machine_run sh -c "cat >/root/${deb##*/}" <"$deb" || return 1
	done
	machine_run sh -c 'dpkg -i /root/*.deb' >"$output/upgrade.log" 2>&1 ||
		{ tail -n 5 "$output/upgrade.log" >&2; return 1; }
}

daemon_pid() {
	machine_user busctl --user call org.freedesktop.DBus / org.freedesktop.DBus \
		GetConnectionUnixProcessID s org.vksession
}

daemon_is_new() {
	local pid
	pid=$(daemon_pid) && [[ $pid != "$1" ]]
}

# The daemon replaces itself, and the sessions notice nothing: the same vkernels go on under the new one,
# and what is typed then is saved by it, and brought back.
story_upgrade() {
	local daemon kernels windows
	daemon=$(daemon_pid) kernels=$(vkernels) windows=$(windows_listed)
	[[ $daemon && $kernels && $windows ]] || fail "nothing runs that could go on" || return 1
	upgrade_pack && upgrade_install || return 1
	wait_for 60 "the new daemon" daemon_is_new "$daemon" || return 1
	sessions_go_on "$windows" || return 1
	[[ $(vkernels) == "$kernels" ]] || fail "the vkernels are not those from before" || return 1
	type_more "After the upgrade. " sixth || return 1
	machine_desktop systemctl poweroff && machine_wait_off && machine_boot && log_in &&
		all_is_back sixth && screenshot after-upgrade
}

# Purged under a user who is logged in, the next version leaves nothing but what is in the homes.
story_purge_next() {
	machine_run apt-get purge -q -y '?name(^vksession)' >"$output/purge-next.log" 2>&1 ||
		{ tail -n 5 "$output/purge-next.log" >&2; return 1; }
	nothing_is_left "$machine/root" || return 1
	machine_user test -d "/home/$machine_user_name/.local/state/vksession/mousepad/saves"
}
