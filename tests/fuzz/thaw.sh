#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Gives mutated state files to the kernel's own code that reads them, as an ordinary program under
# ASan and UBSan. The code is taken out of the patches of the series.
# Usage: thaw.sh COUNT [SEED]; the long form is `tests/fuzz/thaw.sh 1000000`.
set -euo pipefail

cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All files that are needed are new in the series, so no source of the kernel is.
files=(arch/um/os-Linux/checkpoint/{load,files,disk,report,io}.c arch/um/os-Linux/checkpoint/local.h
	arch/um/include/shared/{checkpoint,ckpt,ckpt-format}.h arch/x86/um/shared/sysdep/xstate.h)
mkdir "$work/kernel"
sed -e 's/#.*//' -e '/^[[:space:]]*$/d' kernel/patches/series | while read -r patch; do
	GIT_CEILING_DIRECTORIES=$work git -C "$work/kernel" apply "${files[@]/#/--include=}" <"kernel/patches/$patch"
done
cd "$work/kernel"
mv "${files[@]}" .
cd - >/dev/null

read -ra glib < <(pkg-config --cflags --libs glib-2.0 gio-2.0)
flags=(-g -O1 -D_GNU_SOURCE -D__UM_HOST__ -DCONFIG_UML_CHECKPOINT '-fsanitize=address,undefined'
	-fno-sanitize-recover=all -I. -Itests/fuzz/thaw "-I$work/kernel")
# io.c asks the linker script where the kernel's data is; here the test says it.
for name in load files disk report io; do
	rename=()
	[[ $name != io ]] || rename=(-Dckpt_kernel_data=ckpt_linked_data)
	gcc "${flags[@]}" "${rename[@]}" -std=gnu11 -fno-strict-aliasing \
		-c -o "$work/$name.o" "$work/kernel/$name.c"
done
gcc "${flags[@]}" -std=gnu17 -DFUZZ_TARGET=fuzz_thaw -Wl,--wrap=write,--wrap=syscall \
	-Wl,--defsym=_sdata=__data_start -o "$work/fuzz" tests/fuzz/mutate.c tests/fuzz/target-thaw.c \
	tests/fuzz/thaw/kernel.c tests/vksession/image-builder.c "$work"/*.o "${glib[@]}"
"$work/fuzz" thaw "$@"
