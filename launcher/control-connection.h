/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file One connection to the guest's PID 1, as frames. Private to the launcher's library. */
#pragma once

#include <gio/gio.h>

#include "launcher/frame.h"

/** A received frame; the payload is followed by a NUL that is not counted. */
typedef struct {
	guint16 type;
	guint32 length;
	guint8 payload[VK_FRAME_MAX_PAYLOAD + 1];
} VkFrame;

/**
 * Connects to a session's control socket.
 *
 * @return descriptor; -1 with NOT_CONNECTED if no session answers there
 */
int vk_control_connect(const char *runtime_dir, GError **error);

/** Sends one frame; waits as long as it takes. */
gboolean vk_control_send(int fd, guint16 type, const void *payload, gsize length, GError **error);

/**
 * Receives one frame.
 *
 * @param timeout_ms  until it is complete; -1: none
 * @return FALSE with TIMED_OUT, CLOSED if the guest has closed the connection, or FAILED
 */
gboolean vk_control_receive(int fd, int timeout_ms, VkFrame *frame, GError **error);

/** Makes an error of an ERROR frame. @param what  begins the message */
GError *vk_control_parse_error(const char *what, const VkFrame *frame);

/**
 * A whole exchange: connect, send, receive.
 *
 * @param what   for messages
 * @param frame  the OK frame
 */
gboolean vk_control_request(const char *runtime_dir, const char *what, guint16 type,
			    const struct vk_payload *payload, int timeout_ms, VkFrame *frame,
			    GError **error);

/** Composes the payload of RUN and EXEC. @return FALSE with error if it is too long */
gboolean vk_control_compose_command(struct vk_payload *payload, const char *cwd,
				    const char *const *environment, const char *const *argv,
				    GError **error);

/** Reads the pid of an OK frame. */
gboolean vk_control_parse_pid(const VkFrame *frame, pid_t *pid, GError **error);
