#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the fuzz targets with clang's libFuzzer, ASan and UBSan, and runs each for some seconds.
# Usage: libfuzzer.sh DIRECTORY SECONDS [TARGET...]
# The corpus grows in DIRECTORY/corpus-TARGET; a crash leaves its input in DIRECTORY.
set -euo pipefail

directory=$(realpath -m "$1")
seconds=$2
shift 2
targets=("$@")
((${#targets[@]})) || targets=(image manifest frames sealed)
cd "$(dirname "$0")/../.."

sources=(
	tests/fuzz/libfuzzer.c tests/vksession/image-builder.c
	vksession/{changes,checksum,durable,error,json,keys,lock,manifest,manifest-seal,pins}.c
	vksession/{resources,sealing,seals,sparse}.c
	vksession/image/{check,elf-note,image,source}.c launcher/{control,frame,runtime-dir}.c
)
read -ra flags < <(pkg-config --cflags --libs glib-2.0 gio-2.0 gio-unix-2.0 json-glib-1.0 libxxhash libsodium)

mkdir -p "$directory"
for target in "${targets[@]}"; do
	clang -g -O1 -std=gnu17 -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
		-DVKSESSION_VERSION='"fuzz"' -DVKSESSION_LIBEXECDIR='"/nonexistent"' \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-DFUZZ_TARGET="fuzz_$target" -o "$directory/fuzz-$target" \
		"tests/fuzz/target-$target.c" "${sources[@]}" "${flags[@]}"
	mkdir -p "$directory/corpus-$target"
	# json-glib and GLib keep what they allocate once; leaks are the unit tests' concern.
	(cd "$directory" && "./fuzz-$target" -max_total_time="$seconds" -max_len=16384 -timeout=20 \
		-detect_leaks=0 -print_final_stats=1 -verbosity=0 "corpus-$target") 2>&1 |
		grep -E 'number_of_executed_units|ERROR|SUMMARY' | sed "s/^/$target: /"
	[[ ${PIPESTATUS[0]} == 0 ]]
done
