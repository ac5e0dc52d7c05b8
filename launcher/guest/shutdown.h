/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The orderly end of the guest.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/guest/display.h"
#include "launcher/guest/events.h"
#include "launcher/guest/processes.h"

enum shutdown_phase {
	SHUTDOWN_NONE,
	SHUTDOWN_PROGRAMS, /* have been asked to end; the display is still there for them */
	SHUTDOWN_DISPLAY,  /* has been asked to end */
	SHUTDOWN_KILL,	   /* what is left has been killed */
	SHUTDOWN_DONE,
};

struct shutdown {
	struct event_handler handler;
	const struct display *display;
	enum shutdown_phase phase;
	struct process_list asked; /* in SHUTDOWN_PROGRAMS */
	int timer_fd;
};

/** Prepares; nothing happens yet. @return 0 or a negative errno */
int shutdown_init(struct shutdown *shutdown, const struct display *display, struct events *events);

/** Begins, unless it has begun already. */
void shutdown_begin(struct shutdown *shutdown, unsigned int grace_ms);

/** To be called when children have ended: goes on to the next phase if nothing is left of this one.
 */
void shutdown_check(struct shutdown *shutdown);
