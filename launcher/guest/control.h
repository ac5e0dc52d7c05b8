/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The server side of the control protocol in PID 1.
 */
#pragma once

#include "launcher/guest/checkpoint.h"
#include "launcher/guest/config.h"
#include "launcher/guest/console.h"
#include "launcher/guest/display.h"
#include "launcher/guest/events.h"
#include "launcher/guest/failure.h"
#include "launcher/guest/programs.h"

struct connection;

struct control {
	struct event_handler handler;
	struct events *events;
	const struct config *config;
	const struct display *display;
	const struct console *console;
	struct programs *programs;
	const struct checkpoint *checkpoint;
	int listener;
	struct connection *first;
	unsigned int thaws;
	/** Called when a STOP request has been answered. */
	void (*stop)(struct control *control, unsigned int grace_ms);
};

/**
 * Opens the control listener and begins to serve. The other members must have been set.
 *
 * @return 0, or a negative errno with the failure set
 */
int control_init(struct control *control, struct failure *failure);

/** Answers the requests that wait for the display; after each change of the display's state. */
void control_display_changed(struct control *control);
