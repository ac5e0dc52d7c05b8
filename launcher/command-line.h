/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The vkernel's arguments and environment.
 */
#pragma once

#include <glib.h>

/** What varies from one vkernel to another. All borrowed. */
typedef struct {
	const char *kernel_path;
	const char *runtime_dir;
	const char *save_dir; /* NULL: a fresh guest */
	guint64 memory_bytes;
	guint cpus; /* 0 and 1: one */
	gboolean network;
	gboolean map_memory;	     /* in a thaw */
	gboolean copy_while_running; /* in a fresh guest */
	const char *const *disks;    /* "LAYER,IMAGE"; may be NULL */
	const char *const *more;     /* further kernel parameters; may be NULL */
} VkCommandLine;

/** Descriptors of the vkernel; the listeners' numbers are part of the command line. */
enum {
	VK_FD_INPUT,
	VK_FD_OUTPUT,
	VK_FD_ERROR,
	VK_FD_CONTROL,
	VK_FD_DISPLAY,
	VK_FD_COUNT,
};

/** @return the argument vector, free with g_strfreev() */
char **vk_command_line_build(const VkCommandLine *line);

/**
 * The vkernel's environment: small and the same for all, since the place of its helper code in the
 * address space depends on where the environment ends.
 *
 * @param memory_dir  where the file goes that is the guest's memory
 * @return "NAME=value" strings, free with g_strfreev()
 */
char **vk_command_line_environment(const char *memory_dir);
