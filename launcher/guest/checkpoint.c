/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"

static void thaw_noticed(struct event_handler *handler, uint32_t events)
{
	struct checkpoint *checkpoint = event_owner(handler, struct checkpoint, handler);
	struct checkpoint_status *status = &checkpoint->status;

	if (read(checkpoint->fd, status, sizeof(*status)) == (ssize_t)sizeof(*status))
		checkpoint->thawed(checkpoint);
}

int checkpoint_init(struct checkpoint *checkpoint, const struct config *config,
		    struct events *events)
{
	autofd fd = open(CHECKPOINT_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int error;

	checkpoint->fd = -1;
	if (fd < 0)
		return -errno;
	/* Everybody may learn of thaws; who owns the session may ask for saves. */
	if (fchown(fd, config->uid, config->gid) < 0 || fchmod(fd, 0644) < 0 ||
	    ioctl(fd, CHECKPOINT_IOC_STATUS, &checkpoint->status) < 0)
		return -errno;
	checkpoint->handler.ready = thaw_noticed;
	error = events_add(events, fd, EPOLLIN, &checkpoint->handler);
	if (error == 0)
		checkpoint->fd = steal_fd(&fd);
	return error;
}
