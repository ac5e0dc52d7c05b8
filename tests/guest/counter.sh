#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# counter.sh FILE: prints a counter for ever, five times a second, and keeps its last value in FILE,
# written over the one before in a single call: who reads it never finds the file empty.
exec 3<> <(:)
for ((count = 1; ; count++)); do
	printf 'count %d\n' "$count"
	printf '%d\n' "$count" 1<>"$1"
	read -r -t 0.2 -u 3
done
