/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An EXEC without input whose output is kept: for what asks a guest, not for what a person runs. */
#include "launcher/autofd.h"
#include "launcher/control-connection.h"
#include "launcher/launcher.h"

#define START_TIMEOUT_MS 60000

static gboolean malformed(GError **error)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "malformed frame from the guest");
	return FALSE;
}

/* @return the connection, once the program runs; -1 with error */
static int start(const char *runtime_dir, const char *const *argv, VkFrame *frame, GError **error)
{
	g_autofree struct vk_payload *payload = g_new(struct vk_payload, 1);
	autofd fd = -1;
	pid_t pid;

	if (!vk_control_compose_command(payload, "/", NULL, argv, error))
		return -1;
	fd = vk_control_connect(runtime_dir, error);
	if (fd < 0 || !vk_control_send(fd, VK_FRAME_EXEC, payload->data, payload->length, error) ||
	    !vk_control_send(fd, VK_FRAME_STDIN_EOF, NULL, 0, error) ||
	    !vk_control_receive(fd, START_TIMEOUT_MS, frame, error))
		return -1;
	if (frame->type == VK_FRAME_OK && vk_control_parse_pid(frame, &pid, error))
		return steal_fd(&fd);
	if (frame->type == VK_FRAME_ERROR)
		g_propagate_error(error, vk_control_parse_error(argv[0], frame));
	else if (error && !*error)
		malformed(error);
	return -1;
}

gboolean vk_control_capture(const char *runtime_dir, const char *const *argv, int timeout_ms,
			    GString *output, int *status, GError **error)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	autofd fd = start(runtime_dir, argv, frame, error);

	if (fd < 0)
		return FALSE;
	while (vk_control_receive(fd, timeout_ms, frame, error)) {
		switch (frame->type) {
		case VK_FRAME_STDOUT:
		case VK_FRAME_STDERR:
			g_string_append_len(output, (const char *)frame->payload, frame->length);
			break;
		case VK_FRAME_STDIN_ROOM:
			break;
		case VK_FRAME_EXIT:
			if (frame->length != 4)
				return malformed(error);
			*status = (int)vk_decode_u32(frame->payload);
			return TRUE;
		default:
			return malformed(error);
		}
	}
	return FALSE;
}
