#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Network interfaces of a guest on a tap device, on one end of a veth pair (raw) and on slirp4netns
# (bess): after a thaw each is connected again, has its MAC, and the guest has seen its link go. A
# peer that ends and comes back finds the interface again, without a program of the guest.
# All in a network namespace of its own, so without privileges.
if [[ ${1:-} != --inside ]]; then
	exec unshare --user --map-root-user --net -- "$0" --inside
fi
. "$(dirname "$0")/guest.bash"

MAC=02:76:6b:00:00:0
listener=

start_over() {
	[[ ! $listener ]] || { kill "$listener"; wait "$listener" || true; }
	: >"$scratch/heard.log"
	"$here/net-listen.py" >"$scratch/heard.log" &
	listener=$!
}

# Wait for a line of the guest: hears MAC LINK_LOST, after it had an answer
hears() {
	grep -qE -m1 "^$1 $2 [1-9]" < <(
		exec timeout "$LIMIT" tail -n +1 -F "--pid=$listener" "$scratch/heard.log" 2>/dev/null
	) || fail "no '$1 $2' from the guest"
}

# Programs that are set-user-id belong to nobody in a user namespace; this copy is not.
cp /bin/mount "$scratch/mount"

# The same interface through save, kill and thaw: survives NAME ADDRESS PEER PARAMETER
survives() {
	start_over
	guest_boot "$1" init-network.sh "$4" "ADDRESS=$2" "PEER=$3" "MOUNT=$scratch/mount"
	hears "$5" 0
	guest_save "$1" "$1-live"
	guest_save_and_kill "$1" "$1-stopped"
	start_over
	[[ $1 != bess ]] || start_slirp	# it ends with its peer
	guest_thaw "$1-again" "$1-stopped" "$4"
	hears "$5" 1
}

tap() {
	ip tuntap add dev tap9 mode tap
	ip address add 10.9.1.1/24 dev tap9
	ip link set tap9 up
	survives tap 10.9.1.2 10.9.1.1 "vec0:transport=tap,ifname=tap9,depth=64,mac=${MAC}1" "${MAC}1"
	guest_kill tap-again
}

raw() {
	ip link add veth8 type veth peer name veth9
	ip address add 10.9.2.1/24 dev veth9
	ip link set veth8 up
	ip link set veth9 up
	# the guest's packets leave checksums to devices that are not there
	ethtool -K veth9 tx off >/dev/null 2>&1 || true
	survives raw 10.9.2.2 10.9.2.1 "vec0:transport=raw,ifname=veth8,depth=64,mac=${MAC}2" "${MAC}2"
	guest_kill raw-again
}

start_slirp() {
	rm -f "$scratch/net.sock"
	slirp4netns --target-type=bess "$scratch/net.sock" >>"$scratch/slirp.log" 2>&1 &
	slirp=$!
}

bess() {
	ip link set lo up
	start_slirp
	survives bess 10.0.2.100 10.0.2.2 \
		"vec0:transport=bess,dst=$scratch/net.sock,src=$scratch/vec.sock,depth=64,mac=${MAC}3" "${MAC}3"
}

cpu_ticks() {
	local user system
	read -r user system < <(cut -d' ' -f14,15 "/proc/${guest_pid[bess-again]}/stat")
	echo $((user + system))
}

# While the peer is away there is nothing to do; measured over two seconds of the clock.
peer_ends() {
	local before after
	kill "$slirp"
	wait "$slirp" || true
	before=$(cpu_ticks)
	sleep 2
	after=$(cpu_ticks)
	((after - before < 100)) || fail "$((after - before)) ticks of CPU time without a peer"
}

peer_is_back() {
	start_over
	start_slirp
	hears "${MAC}3" 2
	guest_kill bess-again
	kill "$slirp"
	kill "$listener"
}

step "tap" tap
step "raw" raw
step "bess" bess
step "no CPU time while the peer is away" peer_ends
step "the peer comes back" peer_is_back
finish
