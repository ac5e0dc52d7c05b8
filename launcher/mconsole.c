/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/mconsole.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/autofd.h"

void vk_mconsole_answer_free(VkMconsoleAnswer *answer)
{
	if (!answer)
		return;
	g_string_free(answer->text, TRUE);
	g_free(answer);
}

static VkMconsoleAnswer *answer_new(void)
{
	VkMconsoleAnswer *answer = g_new0(VkMconsoleAnswer, 1);

	answer->text = g_string_new(NULL);
	return answer;
}

static gboolean fail(GError **error, const char *what)
{
	int number = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "%s: %s", what,
		    g_strerror(number));
	return FALSE;
}

gsize vk_mconsole_compose(VkMconsoleRequest *request, const char *command, GError **error)
{
	gsize length = strlen(command);

	/* The kernel puts a NUL behind the command. */
	if (length >= VK_MCONSOLE_MAX_DATA) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
				    "request to the kernel is too long");
		return 0;
	}
	*request = (VkMconsoleRequest){
		.magic = VK_MCONSOLE_MAGIC,
		.version = VK_MCONSOLE_VERSION,
		.length = (guint32)length,
	};
	memcpy(request->data, command, length);
	return G_STRUCT_OFFSET(VkMconsoleRequest, data) + length;
}

gboolean vk_mconsole_add_reply(VkMconsoleAnswer *answer, const VkMconsoleReply *reply, gsize size,
			       gboolean *more, GError **error)
{
	gsize header = G_STRUCT_OFFSET(VkMconsoleReply, data);

	if (size < header || reply->length > sizeof(reply->data) || reply->length > size - header) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "malformed reply from the kernel");
		return FALSE;
	}
	g_string_append_len(answer->text, reply->data, (gssize)strnlen(reply->data, reply->length));
	answer->failed |= reply->error != 0;
	*more = reply->more != 0;
	return TRUE;
}

static int connect_console(const char *socket_path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		fail(error, socket_path);
		return -1;
	}
	/* With no name, the kernel finds a free abstract one: the address for the reply. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address.sun_family)) < 0) {
		fail(error, "socket for the kernel's console");
		return -1;
	}
	g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fail(error, "reach the kernel's console");
		return -1;
	}
	return steal_fd(&fd);
}

/* Waits until there is a datagram. */
static gboolean await_reply(int fd, int pidfd, gint64 deadline, GError **error)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	int got;

	do {
		gint64 left = deadline < 0
				      ? -1
				      : MAX(0, (deadline - g_get_monotonic_time() + 999) / 1000);

		got = poll(fds, G_N_ELEMENTS(fds), (int)left);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(error, "wait for the kernel's reply");
	if (fds[0].revents)
		return TRUE;
	if (got == 0)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
				    "the kernel does not reply");
	else
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "the vkernel ended during the request");
	return FALSE;
}

static gboolean receive(int fd, int pidfd, gint64 deadline, VkMconsoleAnswer *answer,
			GError **error)
{
	gboolean more = TRUE;

	while (more) {
		VkMconsoleReply reply;
		ssize_t size;

		if (!await_reply(fd, pidfd, deadline, error))
			return FALSE;
		size = recv(fd, &reply, sizeof(reply), 0);
		if (size < 0)
			return fail(error, "receive the kernel's reply");
		if (!vk_mconsole_add_reply(answer, &reply, (gsize)size, &more, error))
			return FALSE;
	}
	return TRUE;
}

VkMconsoleAnswer *vk_mconsole_call(const char *socket_path, const char *command, pid_t vkernel_pid,
				   int timeout_ms, GError **error)
{
	g_autoptr(VkMconsoleAnswer) answer = answer_new();
	gint64 deadline = timeout_ms < 0 ? -1 : g_get_monotonic_time() + timeout_ms * 1000LL;
	VkMconsoleRequest request;
	gsize size = vk_mconsole_compose(&request, command, error);
	autofd pidfd = -1;
	autofd fd = -1;

	if (size == 0)
		return NULL;
	if (vkernel_pid > 0) {
		pidfd = (int)syscall(SYS_pidfd_open, vkernel_pid, 0);
		if (pidfd < 0) {
			fail(error, "the vkernel has gone");
			return NULL;
		}
	}
	fd = connect_console(socket_path, error);
	if (fd < 0)
		return NULL;
	if (send(fd, &request, size, 0) < 0) {
		fail(error, "send to the kernel's console");
		return NULL;
	}
	return receive(fd, pidfd, deadline, answer, error) ? g_steal_pointer(&answer) : NULL;
}
