# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package: its installation in a fresh tree, which the machine is then booted from, and
# its removal. To be sourced.

install_layers=""	# the tree with the package, as overlay layers
lintian=""		# its process

# Mounts an overlay root over layers, to work in with apt. Arguments: name, layers.
root_mount() {
	local dir=$work/$1
	mkdir -p "$dir"/{upper,work,root} "$cache/archives/partial"
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$dir/upper,workdir=$dir/work" "$dir/root" &&
		mount -t proc proc "$dir/root/proc" &&
		mount --bind "$cache/archives" "$dir/root/var/cache/apt/archives"
	# Where the host finds its packages, the tree does too; a file of a tree is never written through.
	cp --remove-destination /etc/resolv.conf "$dir/root/etc/resolv.conf"
}

root_umount() {
	local dir=$work/$1/root
	umount "$dir/var/cache/apt/archives" "$dir/proc" "$dir" 2>/dev/null
}

root_run() {
	local name=$1
	shift
	chroot "$work/$name/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"
}

# Prints what the packages depend on, besides on each other.
install_depends() {
	local deb
	for deb in "$work"/debs/*.deb; do
		dpkg-deb -f "$deb" Depends
	done | tr ',' '\n' | sed 's/^ *//; /^vksession/d' | sort -u | paste -s -d,
}

# Prints the path of a layer on a tree with what apt finds for these dependencies. Kept in the cache.
install_depends_layer() {
	local tree=$1 depends=$2 layer status=0
	layer=$tree.depends-$(printf '%s\n' "$depends" | sha256sum | cut -c 1-16)
	if [[ ! -d $layer ]]; then
		root_mount depends "$tree"
		{
			root_run depends apt-get update -q &&
				root_run depends apt-get satisfy -q -y --no-install-recommends "$depends"
		} >"$output/depends.log" 2>&1 || status=1
		root_umount depends
		if ((status != 0)); then
			tail -n 5 "$output/depends.log" >&2
			return 1
		fi
		rm -rf "$tree".depends-*
		mv "$work/depends/upper" "$layer"
	fi
	printf '%s\n' "$layer"
}

install_prepare() {
	local tree layer
	tree=$("$top/tests/system/tree.sh" "${tree_init:-systemd}") || return 1
	if [[ ${VKSESSION_TEST_DEBS:-} ]]; then
		mkdir "$work/debs" && cp "$VKSESSION_TEST_DEBS"/*.deb "$work/debs/" || return 1
	else
		"$top/tests/system/packages.sh" "$work/debs" >"$output/packages.log" 2>&1 ||
			fail "the packages can't be built: $output/packages.log" || return 1
	fi
	layer=$(install_depends_layer "$tree" "$(install_depends)") || return 1
	root_mount installed "$layer:$tree"
	install_layers=$work/installed/upper:$layer:$tree
}

install_finish() {
	root_umount installed
	root_umount purged
	root_umount depends
}

# Installs where there is what it depends on by its own account, and nothing besides.
story_install() {
	local status=0
	{
		cp "$work"/debs/*.deb "$work/installed/root/root/" &&
			root_run installed sh -c 'apt-get install -q -y --no-install-recommends /root/*.deb'
	} >"$output/install.log" 2>&1 || status=1
	((status == 0)) || tail -n 5 "$output/install.log" >&2
	root_run installed rm -f -r /root/. 2>/dev/null
	root_run installed vksession --version >/dev/null || status=1
	root_umount installed
	return $status
}

# Has the packages checked against Debian's policy while the stories wait for other things. The address
# of the maintainer is not a real one.
lintian_begin() {
	{
		nice -n 10 lintian --allow-root --fail-on error,warning --suppress-tags \
			bogus-mail-host,bogus-mail-host-in-debian-changelog "$work"/debs/*.deb \
			>"$output/lintian.log" 2>&1 && : >"$work/lintian-is-content"
	} &
	lintian=$!
}

# It may have ended long ago, and been waited for with others: what it left tells, not wait.
story_lintian() {
	wait "$lintian" 2>/dev/null
	[[ ! -e $work/lintian-is-content ]] || return 0
	cat "$output/lintian.log" >&2
	return 1
}

# Whether nothing of the packages is left in a root after a purge, but what users have in their homes.
nothing_is_left() {
	local left
	left=$(find "$1"/{usr,etc,var/lib} -xdev -iname '*vksession*' ! -path '*/apt/*' 2>/dev/null)
	[[ ! $left ]] || fail "left behind after the purge: $left"
}

story_purge() {
	local status=0
	root_mount purged "$install_layers"
	root_run purged apt-get purge -q -y '?name(^vksession)' >"$output/purge.log" 2>&1 || status=1
	((status == 0)) || tail -n 5 "$output/purge.log" >&2
	nothing_is_left "$work/purged/root" || status=1
	root_umount purged
	return $status
}
