/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's console, played by a thread that answers from a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "launcher/mconsole.h"

typedef struct {
	char *dir;
	char *path;
	int fd;
	GThread *thread;
	const VkMconsoleReply *script;
	guint replies;
	VkMconsoleRequest request;
	ssize_t request_size;
} Console;

static gsize reply_size(const VkMconsoleReply *reply)
{
	return G_STRUCT_OFFSET(VkMconsoleReply, data) + reply->length;
}

static VkMconsoleReply make_reply(const char *text, guint32 error, guint32 more)
{
	VkMconsoleReply reply = { .error = error,
				  .more = more,
				  .length = (guint32)strlen(text) + 1 };

	memcpy(reply.data, text, reply.length);
	return reply;
}

static gpointer serve(gpointer data)
{
	Console *console = data;
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);

	console->request_size = recvfrom(console->fd, &console->request, sizeof(console->request),
					 0, (struct sockaddr *)&peer, &size);
	for (guint i = 0; i < console->replies; i++)
		sendto(console->fd, &console->script[i], reply_size(&console->script[i]), 0,
		       (struct sockaddr *)&peer, size);
	return NULL;
}

static void open_console(Console *console, const VkMconsoleReply *script, guint replies)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*console = (Console){ .script = script, .replies = replies };
	console->dir = g_dir_make_tmp("mconsole-XXXXXX", NULL);
	console->path = g_build_filename(console->dir, "mconsole", NULL);
	console->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_strlcpy(address.sun_path, console->path, sizeof(address.sun_path));
	assert_int_equal(bind(console->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	console->thread = g_thread_new("console", serve, console);
}

static void close_console(Console *console)
{
	g_thread_join(console->thread);
	close(console->fd);
	g_remove(console->path);
	g_rmdir(console->dir);
	g_free(console->path);
	g_free(console->dir);
}

static void request_and_reply(void **state)
{
	const VkMconsoleReply script[] = { make_reply("saved memory=1", 0, 0) };
	g_autoptr(GError) error = NULL;
	g_autoptr(VkMconsoleAnswer) answer = NULL;
	Console console;

	open_console(&console, script, G_N_ELEMENTS(script));
	answer = vk_mconsole_call(console.path, "save /dir", getpid(), 5000, &error);
	close_console(&console);
	assert_non_null(answer);
	assert_false(answer->failed);
	assert_string_equal(answer->text->str, "saved memory=1");
	assert_true(console.request.magic == VK_MCONSOLE_MAGIC);
	assert_int_equal(console.request.version, VK_MCONSOLE_VERSION);
	assert_int_equal(console.request.length, strlen("save /dir"));
	assert_int_equal(console.request_size, 12 + strlen("save /dir"));
	assert_memory_equal(console.request.data, "save /dir", strlen("save /dir"));
}

static void parts_are_joined(void **state)
{
	const VkMconsoleReply script[] = { make_reply("one ", 1, 1), make_reply("two ", 0, 1),
					   make_reply("three", 0, 0) };
	g_autoptr(VkMconsoleAnswer) answer = NULL;
	Console console;

	open_console(&console, script, G_N_ELEMENTS(script));
	answer = vk_mconsole_call(console.path, "help", 0, 5000, NULL);
	close_console(&console);
	assert_non_null(answer);
	assert_true(answer->failed);
	assert_string_equal(answer->text->str, "one two three");
}

static void silence_times_out(void **state)
{
	g_autoptr(GError) error = NULL;
	Console console;

	open_console(&console, NULL, 0);
	assert_null(vk_mconsole_call(console.path, "version", 0, 50, &error));
	close_console(&console);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}

static void missing_continuation_times_out(void **state)
{
	const VkMconsoleReply script[] = { make_reply("one ", 0, 1) };
	g_autoptr(GError) error = NULL;
	Console console;

	open_console(&console, script, G_N_ELEMENTS(script));
	assert_null(vk_mconsole_call(console.path, "version", 0, 50, &error));
	close_console(&console);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}

/* Without a time limit, as a save has none: the end of the process is what ends the waiting. */
static void end_of_the_vkernel_is_noticed(void **state)
{
	g_autoptr(GError) error = NULL;
	Console console;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		char byte;

		close(ends[1]);
		_exit(read(ends[0], &byte, 1) < 0);
	}
	close(ends[0]);
	open_console(&console, NULL, 0);
	close(ends[1]);
	assert_null(vk_mconsole_call(console.path, "save /x", pid, -1, &error));
	close_console(&console);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED));
	waitpid(pid, NULL, 0);
}

static void no_console_is_an_error(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(vk_mconsole_call("/nonexistent/mconsole", "version", 0, 50, &error));
	assert_non_null(error);
}

static void long_paths_and_commands_are_refused(void **state)
{
	g_autofree char *path = g_strnfill(200, 'x');
	g_autofree char *command = g_strnfill(VK_MCONSOLE_MAX_DATA, 'x');
	g_autoptr(GError) error = NULL;
	VkMconsoleRequest request;

	assert_null(vk_mconsole_call(path, "version", 0, 50, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG));
	g_clear_error(&error);
	assert_int_equal(vk_mconsole_compose(&request, command, &error), 0);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG));
	command[VK_MCONSOLE_MAX_DATA - 1] = '\0';
	assert_int_equal(vk_mconsole_compose(&request, command, NULL),
			 12 + VK_MCONSOLE_MAX_DATA - 1);
}

static void malformed_replies_are_refused(void **state)
{
	VkMconsoleReply reply = make_reply("text", 0, 0);
	VkMconsoleAnswer answer = { .text = g_string_new(NULL) };
	gboolean more;

	assert_false(vk_mconsole_add_reply(&answer, &reply, 11, &more, NULL));
	assert_false(vk_mconsole_add_reply(&answer, &reply, reply_size(&reply) - 1, &more, NULL));
	reply.length = VK_MCONSOLE_MAX_DATA + 1;
	assert_false(vk_mconsole_add_reply(&answer, &reply, sizeof(reply), &more, NULL));
	reply.length = UINT32_MAX;
	assert_false(vk_mconsole_add_reply(&answer, &reply, sizeof(reply), &more, NULL));
	assert_string_equal(answer.text->str, "");
	/* A full one without NUL, and an empty one. */
	memset(reply.data, 'x', sizeof(reply.data));
	reply.length = VK_MCONSOLE_MAX_DATA;
	assert_true(vk_mconsole_add_reply(&answer, &reply, sizeof(reply), &more, NULL));
	assert_int_equal(answer.text->len, VK_MCONSOLE_MAX_DATA);
	reply.length = 0;
	assert_true(vk_mconsole_add_reply(&answer, &reply, 12, &more, NULL));
	g_string_free(answer.text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_and_reply),
		cmocka_unit_test(parts_are_joined),
		cmocka_unit_test(silence_times_out),
		cmocka_unit_test(missing_continuation_times_out),
		cmocka_unit_test(end_of_the_vkernel_is_noticed),
		cmocka_unit_test(no_console_is_an_error),
		cmocka_unit_test(long_paths_and_commands_are_refused),
		cmocka_unit_test(malformed_replies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
