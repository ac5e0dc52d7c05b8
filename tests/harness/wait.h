/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The one place where tests wait. A wait ends when its condition holds or when its time is over,
 * and sleeps in poll(2) on the event source that can change the condition.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

/** Tells whether what is waited for has come true. May read its event source to find out. */
typedef bool (*wait_condition)(void *data);

/**
 * Blocks until a condition holds.
 *
 * @param condition   asked at once, after each event and at least every 100 ms, because not all
 *                    that changes in a guest makes an event on the host
 * @param data        passed to condition
 * @param fd          becomes readable when the condition may have changed; the condition must
 *                    take the events from it. -1: none
 * @param timeout_ms  when to give up
 * @return whether the condition held
 */
bool wait_until(wait_condition condition, void *data, int fd, int timeout_ms);

/**
 * Blocks until a file exists and contains a string, woken by changes of its directory.
 *
 * @param text        NULL: any content will do, even none
 * @param timeout_ms  when to give up
 * @return whether it does
 */
bool wait_for_file(const char *path, const char *text, int timeout_ms);

/** Does nothing for a time: for tests of what the passing of time does, never to wait for
 * something. */
void let_time_pass(int ms);

/** @return milliseconds of CLOCK_MONOTONIC */
static inline gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}
