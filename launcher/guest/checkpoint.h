/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * PID 1 and /dev/checkpoint: it learns of thaws, and lets the session's user ask for saves.
 */
#pragma once

#include <stdint.h>

#include "launcher/guest/checkpoint-device.h"
#include "launcher/guest/config.h"
#include "launcher/guest/events.h"

struct checkpoint {
	struct event_handler handler;
	int fd; /* -1: the vkernel has no such device */
	struct checkpoint_status status;
	/** Called after each thaw, with the status of now. */
	void (*thawed)(struct checkpoint *checkpoint);
};

/**
 * Opens the device, gives it to the session's user, and begins to watch. The guest does without if
 * that fails.
 *
 * @return 0 or a negative errno
 */
int checkpoint_init(struct checkpoint *checkpoint, const struct config *config,
		    struct events *events);
