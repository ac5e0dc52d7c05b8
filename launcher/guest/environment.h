/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The environment of a program in the guest, composed from several sources.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "launcher/guest/config.h"

#define ENVIRONMENT_MAX 2048

struct environment {
	const char *strings[ENVIRONMENT_MAX + 1]; /* borrowed, NULL-terminated */
	size_t count;
	char home[512];
	char user[128];
	char logname[128];
	char shell[512];
	char runtime_dir[64];
};

/** Starts with what a login of the user gives, and guest.conf's env.* lines on top. */
void environment_init(struct environment *environment, const struct config *config);

/**
 * Sets a variable; a later value replaces an earlier one.
 *
 * @param assignment  "NAME=value", borrowed
 * @return FALSE if it is not an assignment or there are too many
 */
bool environment_set(struct environment *environment, const char *assignment);

/**
 * Tells whether a variable belongs to the guest, so that a value from the host makes no sense:
 * addresses of the display, of the session bus, and the runtime directory.
 */
bool environment_is_guest_owned(const char *assignment);
