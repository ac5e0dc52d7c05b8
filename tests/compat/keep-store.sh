#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a store of this build to be kept in stores/, from then on read by the tests. What a guest's
# kernel would write comes from the fake, so it is small; all else is as any session's. Done once
# for each release that changes a format. Usage: keep-store.sh VKSESSION-FAKE RELEASE
set -euo pipefail

# The saves ask for no feature of a processor that a later one may not have.
if [[ ! ${KEEP_STORE_INSIDE:-} ]]; then
	KEEP_STORE_INSIDE=yes exec unshare --mount --map-root-user "$0" "$@"
fi
fake=$(realpath "$1")
archive=$(dirname "$(realpath "$0")")/stores/$2.tar.xz
place=$(mktemp -d)
export HOME=$place/home XDG_STATE_HOME=$place/state XDG_RUNTIME_DIR=$place/run DISPLAY=:9
export VKSESSION_LIBEXECDIR=$place/libexec VKS_FAKE_MEMORY=$place/memory VKSESSION_NO_BACKGROUND=1
unset DBUS_SESSION_BUS_ADDRESS XDG_CONFIG_HOME

printf 'flags\t\t: cmov cx8 fxsr mmx sse sse2\n' >"$place/cpuinfo"
mount --bind "$place/cpuinfo" /proc/cpuinfo
mkdir -m 700 "$place"/{home,state,run,libexec}
printf 'the kernel\n' >"$place/libexec/vkernel"
chmod 700 "$place/libexec/vkernel"
cd "$HOME"

# What has changed in the guest since. Arguments: session, number of the save that comes.
put_memory() {
	[[ $2 != 1 ]] || rm -f "$place/memory"
	truncate -s 64M "$place/memory"
	[[ $2 != 1 ]] || seq 12000 | dd of="$place/memory" bs=1M seek=8 conv=notrunc status=none
	printf 'save %d of %s' "$2" "$1" |
		dd of="$place/memory" bs=1M seek="$((10 + $2))" conv=notrunc status=none
	printf '%s %d %s\n' "$1" "$2" "$(sha256sum <"$place/memory" | cut -d' ' -f1)" \
		>>"$XDG_STATE_HOME/vksession/sums"
}

# A whole save, one of what changed, and a last one. Arguments: session, options of run.
make_session() {
	local name=$1
	shift
	"$fake" run -s "$name" --memory 64M "$@" -- xterm -geometry 80x25
	put_memory "$name" 1
	"$fake" save "$name"
	put_memory "$name" 2
	"$fake" save "$name"
	put_memory "$name" 3
	"$fake" save --stop "$name"
}

make_session open
if "$fake" run --help | grep -q -- --passphrase-fd; then
	make_session sealed --encrypt=passphrase --passphrase-fd=0 < <(yes 'correct horse' | head -n 2)
fi
rm -rf "$XDG_STATE_HOME/vksession/.locks"
tar -C "$XDG_STATE_HOME" -S --owner=0 --group=0 --sort=name -cf - vksession | xz -9e >"$archive"
umount /proc/cpuinfo
rm -rf "$place"
ls -l "$archive"
