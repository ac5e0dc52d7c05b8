/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * On which CPU a session runs. The vkernel and its helper processes hand over to each other at
 * every system call: on one CPU that is several times faster than across two.
 */
#pragma once

#include <glib.h>

/**
 * Picks the CPU with the fewest sessions, and of those the fastest: on a hybrid machine a session
 * goes to one of the small cores only when all large ones have one.
 *
 * @param load   sessions per CPU
 * @param speed  of each CPU, see vk_cpu_speeds()
 * @param allowed  whether a CPU may be used
 * @param count  length of all three
 * @return a CPU, of equals the one with the highest number, as the first has most interrupts; -1 if
 *         none is allowed
 */
int vk_cpu_pick(const guint *load, const guint *speed, const gboolean *allowed, guint count);

/**
 * Tells how fast CPUs are: by the capacity that the kernel tells of them, else by their highest
 * frequency.
 *
 * @param dir    /sys/devices/system/cpu
 * @param allowed  those of interest
 * @param[out] speed  to be compared only; all 0 if it is not known of all CPUs of interest
 * @param count  length of both
 */
void vk_cpu_speeds(const char *dir, const gboolean *allowed, guint *speed, guint count);

/**
 * Chooses the CPU for a session: $VKSESSION_CPU ("none": do not pin), else by the sessions that
 * run beside it and the speed of the CPUs.
 *
 * @param runtime_dir  of the new session; its siblings are looked at
 * @param guest_cpus   how many it has; only one that has a single one is pinned
 * @return CPU, or -1: do not pin
 */
int vk_cpu_choose(const char *runtime_dir, guint guest_cpus);
