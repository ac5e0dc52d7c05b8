/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a process of a session may still do on the host: Landlock, a system call filter, limits.
 */
#pragma once

#include <gio/gio.h>

typedef struct VkIsolation VkIsolation;

/** What a process needs. Paths that do not exist are left out. All borrowed. */
typedef struct {
	const char *const *writable; /* directories and files it may change; NULL-terminated */
	const char *program;	     /* the only file that it may execute (with its ELF interpreter,
					if it has one); NULL: any */
	const char *programs; /* directory in which it makes programs of its own where the host
				 has no file in memory for them; NULL: none */
	gboolean internet;    /* it may open other sockets than local datagram ones */
} VkIsolationNeeds;

/**
 * Prepares the isolation of a child. What this machine's kernel does not have is left out; see
 * vk_isolation_parts(). VKSESSION_ISOLATION in the environment, words of "landlock,seccomp", names
 * what to use at most.
 *
 * @return free with vk_isolation_free(); NULL with error
 */
VkIsolation *vk_isolation_new(const VkIsolationNeeds *needs, GError **error);
void vk_isolation_free(VkIsolation *isolation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VkIsolation, vk_isolation_free)

/**
 * Keeps the memory of the calling process, and of all that it starts, out of core dumps, those that
 * are given to a program, too. For all that has memory of a guest. Async-signal-safe.
 * @return 0, or a negative errno
 */
int vk_isolation_forbid_core(void);

/**
 * Isolates the calling process and all that it starts, for good. Async-signal-safe.
 * @return 0, or a negative errno
 */
int vk_isolation_enter(const VkIsolation *isolation);

/** @return what it consists of here, such as "landlock 7, seccomp"; free with g_free() */
char *vk_isolation_parts(const VkIsolation *isolation);
