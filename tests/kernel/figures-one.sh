#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long loads take, on one line: figures-one.sh LOADS STOPWATCH, in a guest or on the host.
set -eu
printf 'page %s, import gi %s, xpra --version %s, sh -c : %s\n' "$("$1" fault 20000)" \
	"$("$2" 8 python3 -c 'import gi')" "$("$2" 5 xpra --version)" "$("$2" 20 sh -c :)"
