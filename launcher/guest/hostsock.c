/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/hostsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int hostsock_listen(const char *name)
{
	char path[64];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "/dev/hostsock/%s", name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int hostsock_accept(int listener)
{
	int fd = ioctl(listener, HOSTSOCK_IOC_ACCEPT, 0);
	int flags;

	if (fd < 0)
		return -errno;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int number = errno;

		close(fd);
		return -number;
	}
	return fd;
}

int hostsock_shutdown_write(int stream)
{
	if (ioctl(stream, HOSTSOCK_IOC_SHUTDOWN_WR, 0) == 0)
		return 0;
	if (shutdown(stream, SHUT_WR) == 0)
		return 0;
	return -errno;
}
