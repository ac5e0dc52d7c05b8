/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Starting a child of the launcher with exactly what it shall have. */
#pragma once

#include <gio/gio.h>

#include "launcher/isolation.h"

#define VK_SPAWN_MAX_FDS 8

/** All borrowed. */
typedef struct {
	const char *path;
	char *const *arguments;
	char *const *environment;
	int fds[VK_SPAWN_MAX_FDS]; /* become 0, 1, 2, ...; no others are inherited */
	guint fd_count;
	int cpu; /* the only one it and its children run on; -1: any */
	mode_t umask;
	const VkIsolation *isolation; /* NULL: none */
	gboolean fixed_addresses;     /* no address space randomisation, personality(2) */
	gboolean outlives_us;	      /* goes on when the launcher ends */
} VkSpawn;

/**
 * Starts a child that gets SIGKILL when the launcher ends (if not asked otherwise), default
 * signals, and as many descriptors as the hard limit allows.
 *
 * @return pid, or -1 with error, also if the program could not be executed
 */
pid_t vk_spawn(const VkSpawn *spawn, GError **error);
