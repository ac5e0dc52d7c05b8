/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * On which CPU a session runs. The vkernel and its helper processes hand over to each other at
 * every system call: on one CPU that is several times faster than across two.
 */
#pragma once

#include <glib.h>

/**
 * Picks the CPU with the fewest sessions.
 *
 * @param load   sessions per CPU
 * @param allowed  whether a CPU may be used
 * @param count  length of both
 * @return a CPU, of equals the one with the highest number, as the first has most interrupts; -1 if
 *         none is allowed
 */
int vk_cpu_pick(const guint *load, const gboolean *allowed, guint count);

/**
 * Chooses the CPU for a session: $VKSESSION_CPU ("none": do not pin), else by the sessions that
 * run beside it.
 *
 * @param runtime_dir  of the new session; its siblings are looked at
 * @param guest_cpus   how many it has; only one that has a single one is pinned
 * @return CPU, or -1: do not pin
 */
int vk_cpu_choose(const char *runtime_dir, guint guest_cpus);
