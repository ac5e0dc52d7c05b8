/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What programs print goes through a pipe to the console, and from there into the session's log on
 * the host. A pipe, since programs behave differently when their output looks like a terminal.
 */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/events.h"

struct console {
	struct event_handler handler;
	int console_fd;
	int read_fd;
	int write_fd; /* standard output and error of every program */
};

/**
 * Makes the pipe and starts to forward.
 *
 * @return 0, or a negative errno with the failure set
 */
int console_init(struct console *console, const struct config *config, struct events *events,
		 struct failure *failure);

/** Forwards what is in the pipe now; before power-off. */
void console_flush(struct console *console);

/** Prints one line of PID 1's own, "vkinit: ...". The newline is added. */
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
