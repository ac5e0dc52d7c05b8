/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EXEC with both its real ends: vk_control_exec() in one process, the guest's exec_serve() in
 * another, a socket between them, and programs of this machine as the guest's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "launcher/control-connection.h"
#include "launcher/guest/exec.h"
#include "launcher/launcher.h"

#define AMOUNT ((size_t)8 << 20)

/* Exit statuses of the client for what is not a program's exit status. */
#define CLIENT_FAILED	250
#define CLIENT_SIGNALED 128

typedef struct {
	char *dir;
	char *path;
	int listener;
	pid_t guest;
	pid_t client;
	int input;  /* to the client */
	int output; /* from it */
	int errors;
} Exec;

/* ---- the guest's process ---- */

static int serve_one(int listener)
{
	static struct environment environment;
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	struct config config = { .uid = getuid(), .gid = getgid(), .user = "u", .home = "/" };
	struct vk_strings strings;
	const char *cwd;
	const char *string;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	close(listener);
	if (fd < 0 || !vk_control_receive(fd, 5000, frame, NULL) || frame->type != VK_FRAME_EXEC)
		return 1;
	vk_strings_init(&strings, frame->payload, frame->length);
	cwd = vk_strings_next(&strings);
	vk_strings_next(&strings);
	while ((string = vk_strings_next(&strings)))
		g_ptr_array_add(arguments, (char *)string);
	g_ptr_array_add(arguments, NULL);
	environment_init(&environment, &config);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return exec_serve(fd, &config, cwd, (const char *const *)arguments->pdata, &environment) <
	       0;
}

/* ---- the host's process ---- */

static int call(const char *runtime_dir, const char *const *argv)
{
	g_autoptr(GError) error = NULL;
	int status;

	if (!vk_control_exec(runtime_dir, "/", NULL, argv, &status, &error)) {
		g_printerr("%s\n", error->message);
		return CLIENT_FAILED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : CLIENT_SIGNALED + WTERMSIG(status);
}

static void start_client(Exec *exec, const char *const *argv)
{
	int pipes[3][2];

	for (int i = 0; i < 3; i++)
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
	exec->client = fork();
	if (exec->client == 0) {
		signal(SIGPIPE, SIG_IGN);
		for (int i = 0; i < 3; i++)
			dup2(pipes[i][i != 0], i);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		_exit(call(exec->dir, argv));
	}
	for (int i = 0; i < 3; i++)
		close(pipes[i][i != 0]);
	exec->input = pipes[0][1];
	exec->output = pipes[1][0];
	exec->errors = pipes[2][0];
}

static void start(Exec *exec, const char *const *argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	exec->dir = g_dir_make_tmp("exec-XXXXXX", NULL);
	exec->path = g_build_filename(exec->dir, "control.sock", NULL);
	g_strlcpy(address.sun_path, exec->path, sizeof(address.sun_path));
	exec->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(exec->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(exec->listener, 1), 0);
	exec->guest = fork();
	if (exec->guest == 0) {
		signal(SIGPIPE, SIG_IGN);
		_exit(serve_one(exec->listener));
	}
	close(exec->listener);
	start_client(exec, argv);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Reads what there is to come, and closes. */
static void drain_end(int *fd)
{
	char data[4096];

	while (*fd >= 0 && read(*fd, data, sizeof(data)) > 0)
		continue;
	close_end(fd);
}

/*
 * Output is read to its end, as a reader that went away early would be reported to the program by a
 * SIGPIPE: a shell, say, writes about its killed child.
 * @return the client's exit status
 */
static int finish(Exec *exec)
{
	int status;

	close_end(&exec->input);
	drain_end(&exec->output);
	drain_end(&exec->errors);
	assert_int_equal(waitpid(exec->client, &status, 0), exec->client);
	assert_true(WIFEXITED(status));
	assert_int_equal(waitpid(exec->guest, NULL, 0), exec->guest);
	g_remove(exec->path);
	g_rmdir(exec->dir);
	g_free(exec->path);
	g_free(exec->dir);
	return WEXITSTATUS(status);
}

static GString *read_all(int fd)
{
	GString *text = g_string_new(NULL);
	char data[65536];
	ssize_t got;

	while ((got = read(fd, data, sizeof(data))) > 0)
		g_string_append_len(text, data, got);
	return text;
}

static void expect_output(int fd, const char *expected)
{
	GString *text = read_all(fd);

	assert_string_equal(text->str, expected);
	g_string_free(text, TRUE);
}

static void read_line(int fd, const char *expected)
{
	char data[64] = "";
	size_t length = 0;

	while (length < sizeof(data) - 1 && read(fd, data + length, 1) == 1 && data[length] != '\n')
		length++;
	data[length] = '\0';
	assert_string_equal(data, expected);
}

/* ---- tests ---- */

static void output_error_and_status(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo out; echo err >&2; exit 7", NULL };
	Exec exec;

	start(&exec, argv);
	expect_output(exec.output, "out\n");
	expect_output(exec.errors, "err\n");
	assert_int_equal(finish(&exec), 7);
}

static void program_not_found(void **state)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	Exec exec;

	start(&exec, argv);
	expect_output(exec.errors, "/nonexistent/program: No such file or directory\n");
	assert_int_equal(finish(&exec), CLIENT_FAILED);
}

static void killed_program(void **state)
{
	const char *const argv[] = { "sh", "-c", "kill -KILL $$", NULL };
	Exec exec;

	start(&exec, argv);
	assert_int_equal(finish(&exec), CLIENT_SIGNALED + SIGKILL);
}

/* Sends AMOUNT bytes into the client and expects them back, reading as it writes. */
static void exchange_much(Exec *exec)
{
	g_autofree guint8 *sent = g_malloc(AMOUNT);
	g_autofree guint8 *got = g_malloc(AMOUNT + 1);
	size_t written = 0;
	size_t received = 0;
	ssize_t part = 1;

	for (size_t i = 0; i < AMOUNT; i++)
		sent[i] = (guint8)(i * 31 + i / 251);
	fcntl(exec->input, F_SETFL, O_NONBLOCK);
	while (part > 0) {
		struct pollfd fds[] = { { .fd = exec->output, .events = POLLIN },
					{ .fd = exec->input, .events = POLLOUT } };

		assert_true(poll(fds, 2, 20000) > 0);
		if (fds[1].revents) {
			ssize_t put = write(exec->input, sent + written, AMOUNT - written);

			assert_true(put > 0);
			written += (size_t)put;
			if (written == AMOUNT)
				close_end(&exec->input);
		}
		if (fds[0].revents) {
			part = read(exec->output, got + received, AMOUNT + 1 - received);
			received += part > 0 ? (size_t)part : 0;
		}
	}
	assert_int_equal(received, AMOUNT);
	assert_memory_equal(sent, got, AMOUNT);
}

static void much_data_both_ways(void **state)
{
	const char *const argv[] = { "cat", NULL };
	Exec exec;

	start(&exec, argv);
	exchange_much(&exec);
	assert_int_equal(finish(&exec), 0);
}

/* Puts so many bytes in, as soon as they are taken. */
static void fill_input(const Exec *exec, size_t bytes)
{
	char data[65536] = "";

	fcntl(exec->input, F_SETFL, O_NONBLOCK);
	for (size_t sent = 0; sent < bytes;) {
		struct pollfd fd = { .fd = exec->input, .events = POLLOUT };
		ssize_t put;

		assert_int_equal(poll(&fd, 1, 20000), 1);
		put = write(exec->input, data, sizeof(data));
		assert_true(put > 0);
		sent += (size_t)put;
	}
}

/* Nobody reads the input, the window is full: the signal still gets through. */
static void signal_passes_unread_input(void **state)
{
	const char *const argv[] = {
		"sh", "-c", "sleep 1000 & trap 'echo got it; exit 9' TERM; echo ready; wait", NULL
	};
	Exec exec;

	start(&exec, argv);
	read_line(exec.output, "ready");
	fill_input(&exec, VK_EXEC_STDIN_WINDOW);
	kill(exec.client, SIGTERM);
	read_line(exec.output, "got it");
	assert_int_equal(finish(&exec), 9);
}

static void program_that_closes_its_input(void **state)
{
	const char *const argv[] = { "sh", "-c",
				     "sleep 1000 & trap 'exit 3' TERM; exec <&-; echo closed; wait",
				     NULL };
	Exec exec;

	start(&exec, argv);
	read_line(exec.output, "closed");
	/* More than the window: it is thrown away, and reported as taken. */
	fill_input(&exec, (size_t)2 * VK_EXEC_STDIN_WINDOW);
	kill(exec.client, SIGTERM);
	assert_int_equal(finish(&exec), 3);
}

static void end_of_input_is_passed_on(void **state)
{
	const char *const argv[] = { "sh", "-c", "cat; echo end", NULL };
	Exec exec;

	start(&exec, argv);
	assert_int_equal(write(exec.input, "text\n", 5), 5);
	close_end(&exec.input);
	expect_output(exec.output, "text\nend\n");
	assert_int_equal(finish(&exec), 0);
}

static void reader_that_goes_away(void **state)
{
	const char *const argv[] = { "yes", NULL };
	Exec exec;

	start(&exec, argv);
	read_line(exec.output, "y");
	close_end(&exec.output);
	assert_int_equal(finish(&exec), CLIENT_SIGNALED + SIGPIPE);
}

/* A child in the background holds the pipe open; the program's own end counts. */
static void background_child_is_not_waited_for(void **state)
{
	const char *const argv[] = { "sh", "-c", "sleep 1000 & echo $!", NULL };
	Exec exec;
	GString *text;
	pid_t child;

	start(&exec, argv);
	text = read_all(exec.output);
	child = (pid_t)strtol(text->str, NULL, 10);
	g_string_free(text, TRUE);
	assert_int_equal(finish(&exec), 0);
	assert_true(child > 1);
	assert_int_equal(kill(child, SIGKILL), 0);
}

static void host_that_vanishes(void **state)
{
	const char *const argv[] = { "sh", "-c", "sleep 1000 & trap 'exit 0' HUP; echo ready; wait",
				     NULL };
	Exec exec;
	int status;

	start(&exec, argv);
	read_line(exec.output, "ready");
	kill(exec.client, SIGKILL);
	assert_int_equal(waitpid(exec.client, NULL, 0), exec.client);
	assert_int_equal(waitpid(exec.guest, &status, 0), exec.guest);
	assert_int_equal(WEXITSTATUS(status), 1);
	close_end(&exec.input);
	close_end(&exec.output);
	close_end(&exec.errors);
	g_remove(exec.path);
	g_rmdir(exec.dir);
	g_free(exec.path);
	g_free(exec.dir);
}

/* ---- a host that does not keep the rules ---- */

static int serve_bytes(const guint8 *data, size_t length)
{
	static struct environment environment;
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct config config = { .uid = getuid(), .gid = getgid(), .user = "u", .home = "/" };
	int ends[2];
	int result;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	environment_init(&environment, &config);
	assert_int_equal(write(ends[0], data, length), length);
	result = exec_serve(ends[1], &config, "/", argv, &environment);
	close(ends[0]);
	close(ends[1]);
	return result;
}

static void foul_frames_end_the_exchange(void **state)
{
	guint8 frame[VK_FRAME_HEADER_SIZE + 4] = { 0 };

	vk_frame_encode_header(frame, VK_FRAME_STDIN, UINT32_MAX);
	assert_int_equal(serve_bytes(frame, VK_FRAME_HEADER_SIZE), -EPROTO);
	vk_frame_encode_header(frame, VK_FRAME_EXIT, 0);
	assert_int_equal(serve_bytes(frame, VK_FRAME_HEADER_SIZE), -EPROTO);
	vk_frame_encode_header(frame, VK_FRAME_SIGNAL, 3);
	assert_int_equal(serve_bytes(frame, VK_FRAME_HEADER_SIZE + 3), -EPROTO);
	vk_frame_encode_header(frame, VK_FRAME_SIGNAL, 4);
	vk_encode_u32(frame + VK_FRAME_HEADER_SIZE, 4000000000U);
	assert_int_equal(serve_bytes(frame, sizeof(frame)), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_error_and_status),
		cmocka_unit_test(program_not_found),
		cmocka_unit_test(killed_program),
		cmocka_unit_test(much_data_both_ways),
		cmocka_unit_test(signal_passes_unread_input),
		cmocka_unit_test(program_that_closes_its_input),
		cmocka_unit_test(end_of_input_is_passed_on),
		cmocka_unit_test(reader_that_goes_away),
		cmocka_unit_test(background_child_is_not_waited_for),
		cmocka_unit_test(host_that_vanishes),
		cmocka_unit_test(foul_frames_end_the_exchange),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
