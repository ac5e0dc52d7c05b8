/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * All user processes of the guest, as /proc shows them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Signals (or, with signal 0, only counts) processes: all but PID 1, kernel threads, zombies, and
 * those of one tree.
 *
 * @param signal  sent to each; SIGCONT follows, so that stopped processes take notice
 * @param except  root of a tree of processes that is left out; 0: none
 * @return how many there were
 */
size_t processes_signal(int signal, pid_t except);
