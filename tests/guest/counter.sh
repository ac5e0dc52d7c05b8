#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# counter.sh FILE: prints a counter for ever, five times a second, and keeps its last value in FILE.
exec 3<> <(:)
for ((count = 1; ; count++)); do
	printf 'count %d\n' "$count"
	printf '%d\n' "$count" >"$1"
	read -r -t 0.2 -u 3
done
