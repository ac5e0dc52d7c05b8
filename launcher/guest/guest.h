/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * PID 1 as a whole.
 */
#pragma once

#include "launcher/guest/checkpoint.h"
#include "launcher/guest/config.h"
#include "launcher/guest/console.h"
#include "launcher/guest/control.h"
#include "launcher/guest/display.h"
#include "launcher/guest/events.h"
#include "launcher/guest/failure.h"
#include "launcher/guest/programs.h"
#include "launcher/guest/relay.h"
#include "launcher/guest/shutdown.h"

struct guest {
	struct config config;
	struct events events;
	struct event_handler signal_handler;
	int signal_fd;
	struct console console;
	struct checkpoint checkpoint;
	struct display display;
	struct programs programs;
	struct control control;
	struct relay relay;
	struct shutdown shutdown;
};

/**
 * Prepares everything and opens for requests.
 *
 * @param config_path  guest.conf, in guest memory
 * @return 0, or a negative errno with the failure set
 */
int guest_init(struct guest *guest, const char *config_path, struct failure *failure);

/** Serves until the guest has been asked to stop and all programs have ended. */
void guest_run(struct guest *guest);

/** Writes back what is dirty and switches off. Does not return. */
void guest_power_off(struct guest *guest) __attribute__((noreturn));
