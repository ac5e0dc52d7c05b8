#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest of a processor with AVX goes on with one that has AVX-512: what programs had in registers is
# there, also in a signal frame that is smaller than those of the new one, and programs use the new
# registers. The first processor is this one, of which the guest keeps no more than that of the other.
. "$(dirname "$0")/guest.bash"
: "${XSTATE_HOLDER:?names the program}"

# Bytes of the extended state with AVX and nothing else.
avx_size=832
# The C library must not use what the guest does not keep.
tunables=GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD,-AVX512ER

# A number in the identity of a checkpoint: identity_word OFFSET DIRECTORY
identity_word() {
	od -An -t u4 -j $((160 + $1)) -N 4 "$scratch/$2/state" | tr -d ' '
}

save_with_less() {
	guest_boot first init-xstate.sh "xstate=$avx_size" "$tunables" "holder=$XSTATE_HOLDER" "ncpus=$1"
	guest_says first 'holder: waits in a handler'
	guest_save_and_kill first "less$1"
	[[ $(identity_word 352 "less$1") = "$avx_size" ]] || fail "the size in the checkpoint is another one"
}

goes_on_with_more() {
	guest_thaw more "less$1"
	guest_says more '^thaw: phases'
	mconsole more cad >/dev/null
	guest_says more 'holder: the frame is good'
	guest_says more 'holder: avx is good'
	guest_says more 'holder: avx512 is good'
	if grep -a BAD "$scratch/more.log"; then return 1; fi
	guest_save_and_kill more "more$1"
	(($(identity_word 352 "more$1") > avx_size)) || fail "the size in the checkpoint is the old one"
}

if ! grep -qw avx512f /proc/cpuinfo; then
	echo '1..0 # SKIP this processor has no AVX-512'
	exit 0
fi
for cpus in 1 2; do
	step "a save with $cpus CPUs and less extended state" save_with_less $cpus
	step "it goes on with more, $cpus CPUs" goes_on_with_more $cpus
done
finish
