/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Streams from the host: /dev/hostsock/<name> is a listening unix socket of the host, seen from
 * inside. Everything that is done to a stream here also works on an ordinary socket.
 */
#pragma once

#include <sys/ioctl.h>

#define HOSTSOCK_IOC_ACCEPT	 _IO('h', 1)
#define HOSTSOCK_IOC_SHUTDOWN_WR _IO('h', 2)

/**
 * Opens a listener, non-blocking.
 *
 * @param name  as in the kernel's hostsock= parameter
 * @return descriptor, or a negative errno
 */
int hostsock_listen(const char *name);

/**
 * Takes one waiting connection.
 *
 * @return descriptor, non-blocking and close-on-exec, or a negative errno; -EAGAIN if none waits
 */
int hostsock_accept(int listener);

/**
 * Tells the peer that nothing more comes.
 *
 * @param stream  from hostsock_accept(), or any stream socket
 * @return 0 or a negative errno
 */
int hostsock_shutdown_write(int stream);
