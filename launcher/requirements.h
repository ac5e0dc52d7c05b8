/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the host must have for a vkernel. A missing thing is NOT_SUPPORTED, with its name.
 */
#pragma once

#include <gio/gio.h>

/**
 * Checks that one of our own programs is there and executable.
 *
 * @param path  of the program
 */
gboolean vk_require_own_program(const char *path, GError **error);

/** Checks that the network helper is installed. @return its path, free with g_free() */
char *vk_require_network_helper(GError **error);

/**
 * Checks that a guest can have so many CPUs: each needs one of the host's to itself, else they wait
 * for each other.
 */
gboolean vk_require_cpus(guint cpus, GError **error);

/**
 * Finds a place for the guest's memory file: a tmpfs that programs may be mapped from, with enough
 * room; else a directory on disk with the same properties.
 *
 * @param memory_bytes  of the guest
 * @return directory, a static string; NULL with NOT_SUPPORTED if the machine has less memory, or no
 *         place where programs may be mapped from, or with NO_SPACE if all such places are too full
 */
const char *vk_require_memory(guint64 memory_bytes, GError **error);

/**
 * Makes a directory of this user's own in such a place, where sessions keep what is in memory.
 * @return its path, free with g_free(); the place itself if somebody else has that name there
 */
char *vk_private_memory_dir(const char *place);
