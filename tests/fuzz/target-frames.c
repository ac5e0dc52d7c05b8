/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may send over the control channel, read by the host's own functions from a socket. */
#include "target.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/control-connection.h"
#include "launcher/frame.h"

#define MAX_STREAM 100000u /* what a socket takes without a reader */

static void use_strings(const VkFrame *frame)
{
	struct vk_strings strings;
	const char *string;
	gsize count = 0, length = 0;
	guint64 number;

	if (vk_strings_init(&strings, frame->payload, frame->length) < 0)
		return;
	count = vk_strings_count(&strings);
	while ((string = vk_strings_next(&strings))) {
		length += strlen(string) + 1;
		count--;
		if (vk_parse_number(string, 4095, &number) == 0)
			fuzz_assert(number <= 4095);
	}
	fuzz_assert(count == 0 && length == frame->length);
}

static void use_frame(const VkFrame *frame)
{
	g_autoptr(GError) refused = vk_control_parse_error("test", frame);
	g_autoptr(GError) error = NULL;
	pid_t pid = -1;

	fuzz_assert(frame->length <= VK_FRAME_MAX_PAYLOAD);
	fuzz_assert(refused && refused->message);
	fuzz_assert(vk_control_parse_pid(frame, &pid, &error) == (error == NULL));
	fuzz_assert(error || pid >= 0);
	use_strings(frame);
}

static gboolean run(const guint8 *data, gsize length)
{
	static VkFrame frame;
	int pair[2];
	autofd ours = -1;
	gboolean any = FALSE;

	if (length > MAX_STREAM)
		return FALSE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		g_error("socketpair: %m");
	ours = pair[0];
	fuzz_assert(write(pair[1], data, length) == (gssize)length);
	close(pair[1]);
	while (vk_control_receive(ours, 0, &frame, NULL)) {
		use_frame(&frame);
		any = TRUE;
	}
	return any;
}

static void add_frame(GByteArray *bytes, guint16 type, const char *payload, gsize length)
{
	guint8 header[VK_FRAME_HEADER_SIZE];

	vk_frame_encode_header(header, type, (guint32)length);
	g_byte_array_append(bytes, header, sizeof(header));
	g_byte_array_append(bytes, (const guint8 *)payload, (guint)length);
}

static GPtrArray *seeds(void)
{
	static const char list[] = "42\0001700000000\txterm -e sh\0007\t1\tx";
	static const char refusal[] = "2\0no such program";
	static const char status[] = { 0, 1, 0, 0 };
	GPtrArray *seeds = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	GByteArray *bytes = g_byte_array_new();

	add_frame(bytes, VK_FRAME_OK, list, sizeof(list));
	add_frame(bytes, VK_FRAME_ERROR, refusal, sizeof(refusal));
	g_ptr_array_add(seeds, bytes);
	bytes = g_byte_array_new();
	add_frame(bytes, VK_FRAME_OK, "42", 3);
	add_frame(bytes, VK_FRAME_STDOUT, "hello\n", 6);
	add_frame(bytes, VK_FRAME_EXIT, status, sizeof(status));
	g_ptr_array_add(seeds, bytes);
	return seeds;
}

const FuzzTarget fuzz_frames = {
	.name = "frames",
	.plural = "streams of frames",
	.run = run,
	.seeds = seeds,
};
