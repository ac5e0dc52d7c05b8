/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The conductor: one process of the guest, its root's, that starts the states, knows how each of
 * them is, and answers those who ask through a socket.
 *
 * A question is one line, words separated by tabs:
 *   begin DIR NAME...  start these states; DIR is the directory shared with the host
 *   check THAWS        have all that are ready check themselves; the guest was thawed so often
 * The answer is one line a state, "ready|ok|failed|skipped NAME TEXT", and "end".
 */
#pragma once

#define REPORT_FD  3
#define REPORT_MAX 512

#define CONDUCTOR_SOCKET "/run/vkinit/states.sock"

/** Serves until the guest ends. @return exit status, if it can't even begin */
int conductor_main(void);

/** Asks the conductor and prints its answer. @param words  NULL-terminated @return exit status */
int conductor_ask(char *const *words);
