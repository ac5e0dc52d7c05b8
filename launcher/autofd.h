/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Scope cleanup for file descriptors, the counterpart of g_autoptr for plain ints.
 * Header only and free of GLib, so that the guest's static programs use it too.
 */
#pragma once

#include <errno.h>
#include <unistd.h>

static inline void autofd_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

/** Closes the descriptor when the variable goes out of scope; errno is preserved. */
#define autofd __attribute__((cleanup(autofd_close))) int

/**
 * Takes the descriptor out of an autofd variable, which then closes nothing.
 *
 * @param fd  address of the variable
 * @return the descriptor, now owned by the caller
 */
static inline int steal_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}
