/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What went wrong in the guest, as one line for the console; the counterpart of GError in
 * programs without GLib.
 */
#pragma once

/** Filled by the function that fails first; empty otherwise. */
struct failure {
	char text[512];
};

/**
 * Records a failure.
 *
 * @param failure  where to; may be NULL
 * @param number   an errno value, positive; its text is appended to the message
 * @param format   what was being done, as for printf
 * @return -number, so that callers can write `return failure_set(...)`
 */
int failure_set(struct failure *failure, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
