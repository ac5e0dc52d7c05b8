/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest-request.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/mconsole.h"
#include "launcher/runtime-dir.h"
#include "launcher/spawn.h"

#define SOCKET_NAME	  "notify.sock"
#define NOTIFY_USER	  3 /* MCONSOLE_USER_NOTIFY, arch/um/drivers/mconsole.h */
#define ANSWER_TIMEOUT_MS 10000

/* struct mconsole_notify of the kernel */
struct notification {
	guint32 magic;
	guint32 version;
	guint32 type;
	guint32 length;
	char data[VK_MCONSOLE_MAX_DATA];
};

/* "save ID" or "save ID stop", with a NUL */
gboolean vk_guest_request_parse(const guint8 *datagram, gsize size, VkGuestRequest *request)
{
	const gsize header = G_STRUCT_OFFSET(struct notification, data);
	struct notification notification = { 0 };
	g_auto(GStrv) words = NULL;

	if (size < header || size > sizeof(notification))
		return FALSE;
	memcpy(&notification, datagram, size);
	if (notification.magic != VK_MCONSOLE_MAGIC || notification.type != NOTIFY_USER ||
	    notification.length > size - header ||
	    strnlen(notification.data, notification.length) == notification.length)
		return FALSE;
	words = g_strsplit(notification.data, " ", -1);
	if (g_strv_length(words) < 2 || strcmp(words[0], "save") != 0 ||
	    !g_ascii_string_to_unsigned(words[1], 10, 1, G_MAXUINT64, &request->id, NULL))
		return FALSE;
	request->stop = words[2] && strcmp(words[2], "stop") == 0;
	return TRUE;
}

void vk_guest_requests_init(VkGuestRequests *requests)
{
	*requests = (VkGuestRequests){ .fd = -1 };
}

/* Without waiting for long, and whatever comes of it: the guest may be ending. */
static void answer(const VkGuestRequests *requests, guint64 id, int number)
{
	g_autofree char *socket_path = vk_runtime_path(requests->runtime_dir, "uml/mconsole");
	g_autofree char *command = g_strdup_printf("answer %" G_GUINT64_FORMAT " %d", id, number);
	g_autoptr(GError) error = NULL;
	g_autoptr(VkMconsoleAnswer) reply = vk_mconsole_call(
		socket_path, command, *requests->vkernel_pid, ANSWER_TIMEOUT_MS, &error);

	if (!reply)
		fprintf(stderr, "vksession-launcher: answer to a guest program: %s; ignoring\n",
			error->message);
}

/* The command's exit status is as vksession(1) has it. */
static int errno_of_status(int status)
{
	if (!WIFEXITED(status))
		return EIO;
	switch (WEXITSTATUS(status)) {
	case 0:
		return 0;
	case 4:
		return EBUSY;
	case 7:
		return ENOSPC;
	default:
		return EIO;
	}
}

static pid_t start_command(const VkGuestRequests *requests, gboolean stop, GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) environment = g_get_environ();
	g_auto(GStrv) arguments = NULL;
	VkSpawn spawn = {
		.fd_count = 3,
		.cpu = -1,
		.umask = 077,
		.outlives_us = TRUE,
		.fds = { *requests->null_fd, *requests->log_fd, *requests->log_fd },
	};

	g_strv_builder_addv(builder, (const char **)requests->command);
	if (stop)
		g_strv_builder_add(builder, "--stop");
	arguments = g_strv_builder_end(builder);
	spawn.path = arguments[0];
	spawn.arguments = arguments;
	spawn.environment = environment;
	return vk_spawn(&spawn, error);
}

static void serve(VkGuestRequests *requests, const VkGuestRequest *request)
{
	g_autoptr(GError) error = NULL;
	pid_t pid;

	if (requests->pid > 0) {
		answer(requests, request->id, EBUSY);
		return;
	}
	if (!requests->command || !requests->command[0]) {
		answer(requests, request->id, EPERM);
		return;
	}
	pid = start_command(requests, request->stop, &error);
	if (pid < 0) {
		fprintf(stderr, "vksession-launcher: save for a guest program: %s\n",
			error->message);
		answer(requests, request->id, EIO);
		return;
	}
	requests->pid = pid;
	requests->id = request->id;
}

/* @return size of a datagram of the user's own; 0 for one of somebody else; -1 */
static ssize_t receive_own(int fd, guint8 *datagram, gsize size)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = { datagram, size };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t received = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = received < 0 ? NULL : CMSG_FIRSTHDR(&message);
	struct ucred sender;

	if (received < 0)
		return -1;
	if (!header || header->cmsg_type != SCM_CREDENTIALS)
		return 0;
	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	if (sender.uid == geteuid())
		return received;
	fprintf(stderr, "vksession-launcher: a request of another user (uid %u); ignoring\n",
		(guint)sender.uid);
	return 0;
}

static gboolean receive(int fd, GIOCondition condition, gpointer data)
{
	VkGuestRequests *requests = data;
	guint8 datagram[sizeof(struct notification)];
	ssize_t size = receive_own(fd, datagram, sizeof(datagram));
	VkGuestRequest request;

	/* Other notifications tell of the console itself, or of a panic, which the log has, too. */
	if (size > 0 && vk_guest_request_parse(datagram, (gsize)size, &request))
		serve(requests, &request);
	return G_SOURCE_CONTINUE;
}

gboolean vk_guest_requests_open(VkGuestRequests *requests, GError **error)
{
	g_autofree char *path = vk_runtime_path(requests->runtime_dir, SOCKET_NAME);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	g_remove(path);
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0600) < 0) {
		int number = errno;

		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "bind %s: %s", path,
			    g_strerror(number));
		return FALSE;
	}
	requests->fd = steal_fd(&fd);
	requests->source = g_unix_fd_add(requests->fd, G_IO_IN, receive, requests);
	return TRUE;
}

gboolean vk_guest_requests_child_ended(VkGuestRequests *requests, pid_t pid, int status)
{
	if (requests->pid <= 0 || pid != requests->pid)
		return FALSE;
	requests->pid = 0;
	answer(requests, requests->id, errno_of_status(status));
	return TRUE;
}

void vk_guest_requests_close(VkGuestRequests *requests)
{
	g_clear_handle_id(&requests->source, g_source_remove);
	autofd_close(&requests->fd);
	requests->fd = -1;
}
