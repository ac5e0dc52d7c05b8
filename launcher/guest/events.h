/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * PID 1's event loop: epoll, one event at a time, so that a handler may free any other one.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Embedded in whoever waits for a descriptor. */
struct event_handler {
	/** @param events EPOLL* bits */
	void (*ready)(struct event_handler *handler, uint32_t events);
};

/** The structure that a handler is embedded in. */
#define event_owner(handler, type, member)                                                         \
	((type *)(void *)((char *)(handler)-offsetof(type, member)))

struct events {
	int epoll_fd;
};

/** @return 0 or a negative errno */
int events_init(struct events *events);

/**
 * Watches a descriptor.
 *
 * @param mask     EPOLL* bits
 * @param handler  borrowed until events_remove()
 * @return 0 or a negative errno
 */
int events_add(struct events *events, int fd, uint32_t mask, struct event_handler *handler);

/** Changes the mask of a watched descriptor. @return 0 or a negative errno */
int events_modify(struct events *events, int fd, uint32_t mask, struct event_handler *handler);

/** Stops watching; must come before close(2) of the descriptor. */
void events_remove(struct events *events, int fd);

/** Waits for one event and calls its handler. @return 0 or a negative errno; EINTR is no error */
int events_dispatch(struct events *events);
