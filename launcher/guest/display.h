/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The display stack as PID 1 sees it: a program, vkdisplay, that says through a pipe how far it is.
 */
#pragma once

#include <sys/types.h>

#include "launcher/guest/config.h"
#include "launcher/guest/environment.h"
#include "launcher/guest/events.h"
#include "launcher/guest/failure.h"

enum display_state {
	DISPLAY_NONE, /* the session has none */
	DISPLAY_STARTING,
	DISPLAY_UP,    /* X clients can start */
	DISPLAY_READY, /* viewers can attach */
	DISPLAY_FAILED,
};

struct display {
	struct event_handler handler;
	struct events *events;
	enum display_state state;
	pid_t pid;
	int notify_fd;
	char line[4096]; /* of the notification that is being received */
	size_t line_length;
	char name[64];	      /* ":100" */
	char variables[4096]; /* "NAME=value" strings for programs, NULs between */
	size_t variables_length;
	char socket[108]; /* where viewers are to be connected to */
	char failure[256];
	/** Called after every change of state. */
	void (*changed)(struct display *display);
};

/**
 * Starts the display stack if the session has one.
 *
 * @param log_fd  its standard output and error
 * @return 0, or a negative errno with the failure set
 */
int display_start(struct display *display, const struct config *config, struct events *events,
		  int log_fd, struct failure *failure);

/** Takes one notification line, without its newline. Unknown words are skipped. */
void display_take_line(struct display *display, const char *line);

/** To be told of an ended child. @return whether it was the display stack */
bool display_child_ended(struct display *display, pid_t pid);

/** Adds the display's variables to a program's environment. */
void display_add_environment(const struct display *display, struct environment *environment);
