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

/** Processes that have been asked to end. */
struct process_list {
	pid_t *pids;
	size_t count;
};

/**
 * As processes_signal() with SIGTERM, and remembers whom it asked. Who comes later is not waited
 * for: services that a bus starts again, the relay of a viewer that tries once more.
 *
 * @param[out] asked  release with process_list_clear(); short of memory, it holds fewer
 */
void processes_ask_to_end(pid_t except, struct process_list *asked);

/** @return how many of those asked are still there */
size_t process_list_alive(const struct process_list *asked);

void process_list_clear(struct process_list *asked);
