/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Requests to the kernel itself: UML's management console, datagrams on a unix socket.
 */
#pragma once

#include <gio/gio.h>

/* Wire format, arch/um/drivers/mconsole.h of the kernel. Numbers in the machine's byte order. */
#define VK_MCONSOLE_MAGIC    0xcafebabe
#define VK_MCONSOLE_VERSION  2
#define VK_MCONSOLE_MAX_DATA 512

typedef struct {
	guint32 magic;
	guint32 version;
	guint32 length;
	char data[VK_MCONSOLE_MAX_DATA];
} VkMconsoleRequest;

typedef struct {
	guint32 error;	/* not 0: the request failed, data says why */
	guint32 more;	/* not 0: another datagram of the same reply follows */
	guint32 length; /* of data, with its NUL */
	char data[VK_MCONSOLE_MAX_DATA];
} VkMconsoleReply;

/** A whole reply. */
typedef struct {
	gboolean failed;
	GString *text;
} VkMconsoleAnswer;
void vk_mconsole_answer_free(VkMconsoleAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VkMconsoleAnswer, vk_mconsole_answer_free)

/**
 * Composes a request.
 *
 * @return size of the datagram in bytes; 0 with error set if the command is too long
 */
gsize vk_mconsole_compose(VkMconsoleRequest *request, const char *command, GError **error);

/**
 * Adds one reply datagram to an answer.
 *
 * @param size  bytes received
 * @param more  whether another one follows
 * @return FALSE with error if the datagram is malformed
 */
gboolean vk_mconsole_add_reply(VkMconsoleAnswer *answer, const VkMconsoleReply *reply, gsize size,
			       gboolean *more, GError **error);

/**
 * Sends a command and waits for the whole reply.
 *
 * @param socket_path  of the vkernel's console
 * @param vkernel_pid  waiting ends with an error when this process ends; 0: do not look
 * @param timeout_ms   for the whole exchange; -1: none
 * @return answer (also if the kernel refuses; see its `failed`), NULL with error if none came
 */
VkMconsoleAnswer *vk_mconsole_call(const char *socket_path, const char *command, pid_t vkernel_pid,
				   int timeout_ms, GError **error);
