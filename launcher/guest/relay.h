/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Viewers: connections from the host's display socket are carried to the display stack's socket.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "launcher/guest/checkpoint.h"
#include "launcher/guest/config.h"
#include "launcher/guest/display.h"
#include "launcher/guest/events.h"
#include "launcher/guest/failure.h"

#define RELAY_MAX_VIEWERS 32

/** The process of one viewer. */
struct relay_viewer {
	pid_t pid;
	uint64_t generation; /* of the guest, when the viewer came: thaws until then */
};

struct relay {
	struct event_handler handler;
	const struct config *config;
	const struct display *display;
	struct events *events;
	const struct checkpoint *checkpoint;
	int listener;
	bool accepting;
	struct relay_viewer viewers[RELAY_MAX_VIEWERS]; /* those that are known to run */
	size_t viewer_count;
};

/**
 * Opens the display listener. Connections wait in its queue until relay_start_accepting().
 *
 * @return 0, or a negative errno with the failure set
 */
int relay_init(struct relay *relay, const struct config *config, const struct display *display,
	       const struct checkpoint *checkpoint, struct events *events, struct failure *failure);

/** Tells of a child that has ended. @return whether it was a viewer's process */
bool relay_child_ended(struct relay *relay, pid_t pid);

/** The display stack takes viewers now. Further calls do nothing. */
void relay_start_accepting(struct relay *relay);

/**
 * Carries bytes both ways until both sides have ended; each end of stream is passed on by itself.
 *
 * @param stream  from hostsock_accept(), or a socket
 * @param socket  a stream socket
 * @return 0, also when a side went away; the negative errno of what broke the connection
 */
int relay_pump(int stream, int socket);
