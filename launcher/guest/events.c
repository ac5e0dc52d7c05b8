/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/events.h"

#include <errno.h>
#include <sys/epoll.h>

int events_init(struct events *events)
{
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return events->epoll_fd < 0 ? -errno : 0;
}

static int control(struct events *events, int operation, int fd, uint32_t mask,
		   struct event_handler *handler)
{
	struct epoll_event event = { .events = mask, .data.ptr = handler };

	return epoll_ctl(events->epoll_fd, operation, fd, &event) < 0 ? -errno : 0;
}

int events_add(struct events *events, int fd, uint32_t mask, struct event_handler *handler)
{
	return control(events, EPOLL_CTL_ADD, fd, mask, handler);
}

int events_modify(struct events *events, int fd, uint32_t mask, struct event_handler *handler)
{
	return control(events, EPOLL_CTL_MOD, fd, mask, handler);
}

void events_remove(struct events *events, int fd)
{
	control(events, EPOLL_CTL_DEL, fd, 0, NULL);
}

int events_dispatch(struct events *events)
{
	struct epoll_event event;
	struct event_handler *handler;
	int got = epoll_wait(events->epoll_fd, &event, 1, -1);

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	if (got == 0)
		return 0;
	handler = event.data.ptr;
	handler->ready(handler, event.events);
	return 0;
}
