# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Kernel source trees: unpack, patch, configure. Sourced by build and check.

kernel_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/vksession/kernels

# Preferred version, and the oldest one that will do.
read -r preferred_version oldest_version <"$kernel_dir/VERSION"

say() { printf 'kernel: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# What a build for ARCH=um never reads. Kconfig files and Makefiles stay, since
# Kconfig reads them for every architecture. Below the top directory, and anchored there:
# patterns that may begin anywhere would take longer than the unpacking.
unpack_excludes=(
	'Documentation/[a-uw-z]*' 'LICENSES' 'samples/*.c' 'tools/[a-hj-z]*' 'rust/*.rs'
	'arch/*.dts' 'arch/*.dtsi' 'arch/*/configs' 'arch/*/crypto/*.S'
)
for dir in arch/{alpha,arc,arm,arm64,csky,hexagon,loongarch,m68k,microblaze,mips,nios2,openrisc,parisc} \
	arch/{powerpc,riscv,s390,sh,sparc,xtensa,x86/kvm} \
	drivers/{accel,comedi,crypto,edac,gpu,hid,hwmon,iio,infiniband,isdn,leds,media,mfd,mmc,mtd} \
	drivers/net/{can,dsa,ethernet,phy,usb,wan,wireless} \
	drivers/{nvme,pci,phy,pinctrl,power,scsi,soc,staging,target,thunderbolt,usb,video} \
	sound fs/{bcachefs,btrfs,ceph,ocfs2,smb,xfs}; do
	unpack_excludes+=("$dir/*.[chS]")
done

# Version of a package file: tree_version DEB -> 7.3
tree_version() {
	dpkg-deb --field "$1" Package | sed 's/^linux-source-//'
}

# The source as a tar stream: tree_tar DEB
tree_tar() {
	local version
	version=$(tree_version "$1")
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/linux-source-$version.tar.xz" | xz -dT0
}

# Make a tree of the parts that a build needs: tree_unpack DEB DIR
tree_unpack() {
	local top
	top=linux-source-$(tree_version "$1")
	mkdir -p "$2"
	tree_tar "$1" | tar -x -C "$2" --strip-components=1 --no-same-owner --anchored \
		"${unpack_excludes[@]/#/--exclude=$top/}"
}

# Names of the patches in their order.
tree_series() {
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$kernel_dir/patches/series"
}

# Apply one patch, with zero fuzz: tree_apply DIR PATCH
tree_apply() {
	patch -d "$1" -p1 -F0 -s -f --no-backup-if-mismatch -r - <"$kernel_dir/patches/$2" >&2
}

# Apply the series: tree_apply_series DIR
tree_apply_series() {
	local name
	while read -r name; do
		tree_apply "$1" "$name" || { say "$name does not apply"; return 1; }
	done < <(tree_series)
}

# Configuration fragments for a version, in their order: tree_fragments VERSION
tree_fragments() {
	local special=$kernel_dir/config/linux-$1.config
	printf '%s\n' "$kernel_dir"/config/[0-9][0-9]-*.config
	if [ -e "$special" ]; then printf '%s\n' "$special"; fi
}

# Lines of fragments that did not reach .config: tree_config_missing DIR VERSION
tree_config_missing() {
	local fragments
	mapfile -t fragments < <(tree_fragments "$2")
	grep -hE '^CONFIG_' "${fragments[@]}" | grep -vxFf "$1/.config" || true
	grep -hE '^# CONFIG_.* is not set$' "${fragments[@]}" | sed -E 's/^# (CONFIG_\w+) .*/\1/' |
		while read -r option; do
			if grep -q "^$option=" "$1/.config"; then echo "# $option is not set"; fi
		done
}

# Write .config: tree_configure DIR VERSION [FRAGMENT...]
tree_configure() {
	local fragments
	mapfile -t fragments < <(tree_fragments "$2")
	(cd "$1" && ARCH=um scripts/kconfig/merge_config.sh -n "${fragments[@]}" "${@:3}") \
		>"$1/merge.log" 2>&1 ||
		{ cat "$1/merge.log" >&2; return 1; }
}

# Run make for the kernel, same input same output: tree_run_make DIR CC TARGET
#
# ccache looks at what the compiler says an object depends on: running the preprocessor for each
# object first would make a cold build longer by a quarter. The compiler does not name headers of the
# C library, so results are kept apart by the tools. One job more than there are processors, since
# kbuild's makes wait for each other.
tree_run_make() {
	CCACHE_DEPEND=1 CCACHE_NAMESPACE=$(tree_tools | sha256sum | cut -c1-16) \
		make -C "$1" -s -j$(($(nproc) + 1)) ARCH=um CC="$2" HOSTCC="$2" LOCALVERSION= \
		KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_USER=vksession KBUILD_BUILD_HOST=vksession "$3"
}

# Build the kernel: tree_make DIR
#
# The compiler does not name either what an assembler's .incbin takes in, which is the program that
# userspace processes begin with: a kernel with the one of an earlier build would run none.
tree_make() {
	local cc=gcc
	if command -v ccache >/dev/null; then cc='ccache gcc'; fi
	tree_run_make "$1" "$cc" prepare &&
		CCACHE_DISABLE=1 tree_run_make "$1" "$cc" arch/um/kernel/skas/stub_exe_embed.o &&
		tree_run_make "$1" "$cc" linux
}

# What the result depends on besides the source: the tools that make it.
tree_tools() {
	gcc --version | head -n1
	ld --version | head -n1
	# the C library is linked in
	sha256sum <"$(gcc -print-file-name=libc.a)"
}
