# SPDX-License-Identifier: GPL-2.0-or-later
# Ctrl+T tells what stands in the command line: what was typed has arrived.
bind -x '"\C-t": printf "%s" "$READLINE_LINE" >~/command-line'
