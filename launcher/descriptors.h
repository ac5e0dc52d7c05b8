/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a vkernel holds open on the host.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

/**
 * Lists what a vkernel has open, for tests of whether it grows. Left out are files and directories
 * of the host: a vkernel has one open for each inode in its guest's cache, so these become more
 * with each file that a program looks at for the first time, and less when memory gets short.
 *
 * @return the targets as in /proc/PID/fd, sorted, without the numbers of sockets and pipes; empty
 *         for a process that has ended. Free with g_strfreev()
 */
char **vk_descriptors(pid_t pid);
