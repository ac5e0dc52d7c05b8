#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What can be in no checkpoint is refused by its name while the guest runs, and leaves nothing behind.
# A thawed guest that reboots boots as the first time.
. "$(dirname "$0")/guest.bash"

# The request is refused: not_saved NAME REGEXP
not_saved() {
	local reply
	mkdir "$scratch/refused"
	if reply=$(mconsole "$1" "save $scratch/refused"); then fail "saved: $reply"; fi
	grep -qE "^errno=95 step=$2\$" <<<"$reply" || fail "the reply is: $reply"
	rmdir "$scratch/refused"
	mconsole "$1" cad >/dev/null
	guest_says "$1" 'guest: alive'
}

inherited_pipe() {
	exec 7> >(cat)
	for_guest=7 guest_boot pipe init-idle.sh
	exec 7>&-
	guest_says pipe booted
	not_saved pipe 'descriptors descriptor 7 is pipe:\[[0-9]+\]'
	guest_kill pipe
}

deleted_disk() {
	truncate -s 1M "$scratch/image"
	guest_boot disk init-idle.sh "ubda=$scratch/image"
	guest_says disk booted
	rm "$scratch/image"
	not_saved disk "descriptors disk $scratch/image \\(deleted\\) is deleted"
	guest_kill disk
}

port_channel() {
	guest_boot port init-idle.sh con3=port:0
	guest_says port booted
	not_saved port 'devices tty3 is a channel of kind port'
	guest_kill port
}

live_umid() {
	guest_boot alive init-idle.sh
	guest_says alive booted
	guest_save alive alive_save
	"$VKERNEL" seccomp=on "uml_dir=$scratch/" umid=alive "thaw=$scratch/alive_save" \
		>"$scratch/second.log" 2>&1 && fail "two guests with one umid"
	grep -q '^thaw: umid is in use$' "$scratch/second.log"
	[[ $(<"$scratch/alive/pid") = "${guest_pid[alive]}" ]] || fail "the pid file is another one"
	mconsole alive cad >/dev/null
	guest_says alive 'guest: alive'
}

dead_umid() {
	guest_kill alive
	guest_start alive "thaw=$scratch/alive_save"
	guest_says alive '^thaw: phases'
	mconsole alive cad >/dev/null
	guest_says alive 'guest: alive'
	[[ $(<"$scratch/alive/pid") = "${guest_pid[alive]}" ]] || fail "the pid file is another one"
}

# What both command lines name is taken from that of the thaw, here the umid.
reboot() {
	guest_boot reboot init-idle.sh first_boot=yes
	guest_says reboot 'booted with'
	guest_save_and_kill reboot reboot_save
	guest_thaw moved reboot_save second=yes
	guest_says moved '^thaw: phases'
	mconsole moved reboot >/dev/null
	guest_says moved 'booted with .*first_boot=yes'
	if grep -aE 'booted with.*(thaw=|second=)' "$scratch/moved.log"; then return 1; fi
	mconsole moved cad >/dev/null
	guest_says moved 'guest: alive'
	guest_kill moved
}

step "a pipe that was inherited" inherited_pipe
step "a disk that was deleted" deleted_disk
step "a console on a port" port_channel
step "a umid that is in use" live_umid
step "a umid that was left behind" dead_umid
step "a thawed guest reboots" reboot
finish
