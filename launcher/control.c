/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/control-connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/launcher.h"
#include "launcher/runtime-dir.h"

#define REPLY_TIMEOUT_MS   30000
#define DISPLAY_TIMEOUT_MS 120000 /* a program waits in the guest until the display is up */
#define SYNC_TIMEOUT_MS	   120000

static gboolean fail(GError **error, const char *what)
{
	int number = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "%s: %s", what,
		    g_strerror(number));
	return FALSE;
}

/* ---- frames on a socket ---- */

int vk_control_connect(const char *runtime_dir, GError **error)
{
	g_autofree char *path = vk_runtime_path(runtime_dir, "control.sock");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >=
	    sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		fail(error, path);
		return -1;
	}
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return steal_fd(&fd);
	if (errno == ENOENT || errno == ECONNREFUSED)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "no session runs in %s",
			    runtime_dir);
	else
		fail(error, "connect to the guest");
	return -1;
}

gboolean vk_control_send(int fd, guint16 type, const void *payload, gsize length, GError **error)
{
	guint8 header[VK_FRAME_HEADER_SIZE];
	struct iovec parts[] = { { header, sizeof(header) }, { (void *)payload, length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = length > 0 ? 2 : 1 };

	vk_frame_encode_header(header, type, (guint32)length);
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return fail(error, "send to the guest");
		while (message.msg_iovlen > 0 && (gsize)sent >= message.msg_iov->iov_len) {
			sent -= (ssize_t)message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen > 0) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
			message.msg_iov->iov_len -= (gsize)sent;
		}
	}
	return TRUE;
}

static gboolean receive_bytes(int fd, gint64 deadline, guint8 *data, gsize length, GError **error)
{
	while (length > 0) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		gint64 left = deadline < 0
				      ? -1
				      : MAX(0, (deadline - g_get_monotonic_time() + 999) / 1000);
		int ready = poll(&pollfd, 1, (int)left);
		ssize_t got;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0) {
			g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
					    "the guest does not answer");
			return FALSE;
		}
		got = recv(fd, data, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(error, "receive from the guest");
		if (got == 0) {
			g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
					    "the guest closed the connection");
			return FALSE;
		}
		data += got;
		length -= (gsize)got;
	}
	return TRUE;
}

gboolean vk_control_receive(int fd, int timeout_ms, VkFrame *frame, GError **error)
{
	gint64 deadline = timeout_ms < 0 ? -1 : g_get_monotonic_time() + timeout_ms * 1000LL;
	guint8 bytes[VK_FRAME_HEADER_SIZE];
	struct vk_frame_header header;

	if (!receive_bytes(fd, deadline, bytes, sizeof(bytes), error))
		return FALSE;
	if (vk_frame_decode_header(bytes, &header) < 0) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "malformed frame from the guest");
		return FALSE;
	}
	frame->type = header.type;
	frame->length = header.length;
	frame->payload[header.length] = '\0';
	return receive_bytes(fd, deadline, frame->payload, header.length, error);
}

/* ---- requests ---- */

static gboolean malformed(GError **error)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "malformed answer from the guest");
	return FALSE;
}

/*
 * Only what a caller can act upon keeps its code: the guest's own ENOSPC, say, must not be taken
 * for one of the host.
 */
GError *vk_control_parse_error(const char *what, const VkFrame *frame)
{
	struct vk_strings strings;
	const char *text = NULL;
	guint64 number = 0;
	int code = G_IO_ERROR_FAILED;

	if (vk_strings_init(&strings, frame->payload, frame->length) == 0 &&
	    vk_parse_number(vk_strings_next(&strings), 4095, &number) == 0)
		text = vk_strings_next(&strings);
	if (number == ENOENT)
		code = G_IO_ERROR_NOT_FOUND;
	else if (number == EACCES)
		code = G_IO_ERROR_PERMISSION_DENIED;
	return g_error_new(G_IO_ERROR, code, "%s: %s", what, text ? text : "refused by the guest");
}

gboolean vk_control_request(const char *runtime_dir, const char *what, guint16 type,
			    const struct vk_payload *payload, int timeout_ms, VkFrame *frame,
			    GError **error)
{
	autofd fd = vk_control_connect(runtime_dir, error);

	if (fd < 0 ||
	    !vk_control_send(fd, type, payload ? payload->data : NULL,
			     payload ? payload->length : 0, error) ||
	    !vk_control_receive(fd, timeout_ms, frame, error)) {
		g_prefix_error(error, "%s: ", what);
		return FALSE;
	}
	if (frame->type == VK_FRAME_OK)
		return TRUE;
	if (frame->type == VK_FRAME_ERROR)
		g_propagate_error(error, vk_control_parse_error(what, frame));
	else
		malformed(error);
	return FALSE;
}

gboolean vk_control_compose_command(struct vk_payload *payload, const char *cwd,
				    const char *const *environment, const char *const *argv,
				    GError **error)
{
	guint count = environment ? g_strv_length((char **)environment) : 0;

	vk_payload_init(payload);
	vk_payload_add(payload, cwd);
	vk_payload_addf(payload, "%u", count);
	for (guint i = 0; i < count; i++)
		vk_payload_add(payload, environment[i]);
	for (; *argv; argv++)
		vk_payload_add(payload, *argv);
	if (payload->overflow)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				    "arguments and environment are too long");
	return !payload->overflow;
}

gboolean vk_control_parse_pid(const VkFrame *frame, pid_t *pid, GError **error)
{
	struct vk_strings strings;
	guint64 number;

	if (vk_strings_init(&strings, frame->payload, frame->length) < 0 ||
	    vk_parse_number(vk_strings_next(&strings), G_MAXINT32, &number) < 0)
		return malformed(error);
	*pid = (pid_t)number;
	return TRUE;
}

gboolean vk_control_hello(const char *runtime_dir, GHashTable **facts, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autoptr(GHashTable)
		table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	struct vk_strings strings;
	const char *string;

	if (!vk_control_request(runtime_dir, "hello", VK_FRAME_HELLO, NULL, REPLY_TIMEOUT_MS, frame,
				error))
		return FALSE;
	if (vk_strings_init(&strings, frame->payload, frame->length) < 0)
		return malformed(error);
	while ((string = vk_strings_next(&strings))) {
		const char *equals = strchr(string, '=');

		if (equals)
			g_hash_table_insert(table, g_strndup(string, (gsize)(equals - string)),
					    g_strdup(equals + 1));
	}
	if (facts)
		*facts = g_steal_pointer(&table);
	return TRUE;
}

gboolean vk_control_run(const char *runtime_dir, const char *cwd, const char *const *environment,
			const char *const *argv, pid_t *pid, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autofree struct vk_payload *payload = g_new(struct vk_payload, 1);
	pid_t started;

	if (!vk_control_compose_command(payload, cwd, environment, argv, error) ||
	    !vk_control_request(runtime_dir, argv[0], VK_FRAME_RUN, payload, DISPLAY_TIMEOUT_MS,
				frame, error) ||
	    !vk_control_parse_pid(frame, &started, error))
		return FALSE;
	if (pid)
		*pid = started;
	return TRUE;
}

void vk_program_free(VkProgram *program)
{
	if (!program)
		return;
	g_free(program->command);
	g_free(program);
}

/* "pid\tstarted\tcommand" */
static VkProgram *parse_program(const char *string)
{
	g_auto(GStrv) fields = g_strsplit(string, "\t", 3);
	guint64 pid;
	guint64 started;
	VkProgram *program;

	if (g_strv_length(fields) != 3 || vk_parse_number(fields[0], G_MAXINT32, &pid) < 0 ||
	    vk_parse_number(fields[1], G_MAXINT64, &started) < 0)
		return NULL;
	program = g_new0(VkProgram, 1);
	program->pid = (pid_t)pid;
	program->started = (gint64)started;
	program->command = g_steal_pointer(&fields[2]);
	return program;
}

GPtrArray *vk_control_list(const char *runtime_dir, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autoptr(GPtrArray)
		programs = g_ptr_array_new_with_free_func((GDestroyNotify)vk_program_free);
	struct vk_strings strings;
	const char *string;

	if (!vk_control_request(runtime_dir, "list", VK_FRAME_LIST, NULL, REPLY_TIMEOUT_MS, frame,
				error))
		return NULL;
	if (vk_strings_init(&strings, frame->payload, frame->length) < 0) {
		malformed(error);
		return NULL;
	}
	while ((string = vk_strings_next(&strings))) {
		VkProgram *program = parse_program(string);

		if (!program) {
			malformed(error);
			return NULL;
		}
		g_ptr_array_add(programs, program);
	}
	return g_steal_pointer(&programs);
}

gboolean vk_control_prepare_save(const char *runtime_dir, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);

	return vk_control_request(runtime_dir, "prepare save", VK_FRAME_PREPARE_SAVE, NULL,
				  SYNC_TIMEOUT_MS, frame, error);
}

gboolean vk_control_thawed(const char *runtime_dir, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autofree struct vk_payload *payload = g_new(struct vk_payload, 1);

	vk_payload_init(payload);
	vk_payload_add(payload, "reason=thaw");
	vk_payload_addf(payload, "realtime=%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
	return vk_control_request(runtime_dir, "thawed", VK_FRAME_THAWED, payload, REPLY_TIMEOUT_MS,
				  frame, error);
}

gboolean vk_control_wait_display(const char *runtime_dir, guint timeout_ms, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);

	return vk_control_request(runtime_dir, "display", VK_FRAME_WAIT_DISPLAY, NULL,
				  (int)timeout_ms, frame, error);
}

gboolean vk_control_stop(const char *runtime_dir, guint grace_ms, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autofree struct vk_payload *payload = g_new(struct vk_payload, 1);

	vk_payload_init(payload);
	vk_payload_addf(payload, "%u", grace_ms);
	return vk_control_request(runtime_dir, "stop", VK_FRAME_STOP, payload, REPLY_TIMEOUT_MS,
				  frame, error);
}
