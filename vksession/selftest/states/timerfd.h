/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Timers behind descriptors, the same on each clock. */
#pragma once

#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

/** A state: relative, absolute, periodic and idle timerfds on a clock go on after a save. */
void check_timerfds(clockid_t clock);

/**
 * Starts a timer.
 * @param flags     see timerfd_settime(2)
 * @param first     nanoseconds; 0: the timer is not set
 * @param interval  nanoseconds; 0: it fires once
 * @return its descriptor
 */
int start_timerfd(clockid_t clock, int flags, int64_t first, int64_t interval);
