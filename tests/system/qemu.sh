# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The calls of machine.sh for a machine with a kernel of its own, in QEMU without hardware help, where
# what a container has not can be shown: a lid, and a real suspend. To be sourced after machine.sh and
# install.sh.
#
#   qemu_new LAYERS   make the machine's disk from layers of a root
#
# Commands go through ssh on a network that is only these two; QEMU's own are given through a pipe.

qemu_port=${VKSESSION_TEST_PORT:-22522}
qemu_memory=3072	# MiB
qemu_packages=(linux-image-amd64 initramfs-tools openssh-server python3-evdev)
machine_login_options=(-p TTYPath=/dev/tty7 -E XDG_VTNR=7)
boot_limit=600
login_limit=300
window_limit=900

# The kernel's modules that lead to the root, and no others: unpacking is slow without hardware help.
qemu_configure() {
	local root=$1
	mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/systemd/network" "$root/root/.ssh"
	echo MODULES=list >"$root/etc/initramfs-tools/conf.d/modules"
	printf '%s\n' virtio_pci virtio_blk ext4 >"$root/etc/initramfs-tools/modules"
	# What logind waits for is as slow as all the rest.
	mkdir -p "$root/etc/systemd/logind.conf.d"
	printf '[Login]\nInhibitDelayMaxSec=300\n' >"$root/etc/systemd/logind.conf.d/emulated.conf"
	printf '%s\n' uinput >"$root/etc/modules-load.d/lid.conf"
	printf '[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\n' \
		>"$root/etc/systemd/network/test.network"
	ssh-keygen -q -t ed25519 -N '' -f "$machine/key" &&
		cp "$machine/key.pub" "$root/root/.ssh/authorized_keys"
}

qemu_new() {
	local root=$work/qemu/root
	mkdir -p "$machine"
	root_mount qemu "$1" || return 1
	qemu_configure "$root" || return 1
	{
		root_run qemu apt-get update -q &&
			root_run qemu apt-get install -q -y --no-install-recommends "${qemu_packages[@]}" &&
			root_run qemu systemctl enable systemd-networkd.service
	} >"$output/qemu-install.log" 2>&1 || { tail -n 5 "$output/qemu-install.log" >&2; return 1; }
	machine_furnish "$root"
	rm -f "$root/etc/systemd/system/pretend-suspend.service"	# this one can
	cp "$root"/boot/vmlinuz-* "$machine/vmlinuz"
	cp "$root"/boot/initrd.img-* "$machine/initrd"
	umount "$root/var/cache/apt/archives" "$root/proc"
	truncate -s 6G "$machine/disk"
	mke2fs -q -t ext4 -d "$root" "$machine/disk" >/dev/null || return 1
	root_umount qemu
	mkfifo "$machine/monitor.in" "$machine/monitor.out"
}

machine_boot() {
	qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 \
		-m "$qemu_memory" -nodefaults -no-user-config -display none \
		-global ICH9-LPC.disable_s3=0 \
		-serial "file:$machine/console.log" \
		-chardev "pipe,id=monitor,path=$machine/monitor" -mon chardev=monitor,mode=readline \
		-kernel "$machine/vmlinuz" -initrd "$machine/initrd" \
		-append "console=ttyS0 root=/dev/vda rw no_console_suspend" \
		-drive "file=$machine/disk,format=raw,if=virtio,cache=unsafe" \
		-nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$qemu_port-:22" \
		>"$machine/qemu.log" 2>&1 &
	qemu_pid=$!
	cat "$machine/monitor.out" >>"$machine/monitor.log" &
	wait_for "$boot_limit" "the machine to boot" machine_is_up
}

# Gives a command to QEMU itself.
qemu_tell() {
	printf '%s\n' "$1" >"$machine/monitor.in"
}

machine_run() {
	ssh -q -i "$machine/key" -p "$qemu_port" -o StrictHostKeyChecking=no -o BatchMode=yes \
		-o UserKnownHostsFile=/dev/null -o ConnectTimeout=20 -o ControlMaster=auto \
		-o ControlPath="$machine/ssh" -o ControlPersist=600 \
		root@127.0.0.1 "$(printf '%q ' env LC_ALL=C.UTF-8 "$@")"
}

machine_is_off() {
	! kill -0 "$qemu_pid" 2>/dev/null
}

machine_kill() {
	kill "$qemu_pid" 2>/dev/null && wait "$qemu_pid"
}
