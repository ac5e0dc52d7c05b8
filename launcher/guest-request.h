/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Saves that programs of the guest ask for, by checkpoint(4): the vkernel tells of them in
 * notifications of its console; a command is run for each, and the vkernel is told what came of it.
 */
#pragma once

#include <gio/gio.h>

/** Prepare with vk_guest_requests_init(). */
typedef struct {
	const char *runtime_dir;
	char *const *command; /* saves the session; "--stop" is added where asked for */
	const int *log_fd;    /* its standard output and error */
	const int *null_fd;   /* its standard input */
	const pid_t *vkernel_pid;
	int fd;
	guint source;
	pid_t pid;  /* of the command that runs; 0: none */
	guint64 id; /* of the request that it is for */
} VkGuestRequests;

/** What one notification asks for. */
typedef struct {
	guint64 id;
	gboolean stop;
} VkGuestRequest;

/**
 * Takes a notification apart.
 *
 * @param size  of the datagram in bytes
 * @return FALSE if it is something else than a request for a save
 */
gboolean vk_guest_request_parse(const guint8 *datagram, gsize size, VkGuestRequest *request);

/** Makes an empty one, which vk_guest_requests_close() accepts. */
void vk_guest_requests_init(VkGuestRequests *requests);

/**
 * Opens the socket and begins to serve, in the default main context. The members up to
 * vkernel_pid must have been set; command may be NULL: then all requests are turned down.
 */
gboolean vk_guest_requests_open(VkGuestRequests *requests, GError **error);

/**
 * To be told of each child that has ended.
 *
 * @param status  as of wait(2)
 * @return whether it was the command
 */
gboolean vk_guest_requests_child_ended(VkGuestRequests *requests, pid_t pid, int status);

/** Stops serving. A command that runs is left alone: it may be what ends the session. */
void vk_guest_requests_close(VkGuestRequests *requests);
