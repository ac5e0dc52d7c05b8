/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel between host and guest: frames of a full-HD display arrive whole, in both directions,
 * and fast; a connection that ends leaves nothing behind. The time is printed beside that of a
 * socket between two programs of the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/descriptors.h"
#include "launcher/launcher.h"
#include "tests/guest/frame.h"
#include "tests/harness/descriptors.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"

#define ROUNDS	    7
#define CONNECTIONS 100
#define GUEST_BYTES (256u << 20)

static struct {
	struct person person;
	char *runtime;
	double host_ms;
} story;

static unsigned char buffer[FRAME_BYTES];

static int connect_channel(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/display.sock", story.runtime);
	assert_true(fd >= 0);
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	return fd;
}

static void send_all(int fd, const unsigned char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = send(fd, bytes + done, size - done, MSG_NOSIGNAL);

		assert_true(n > 0);
		done += (size_t)n;
	}
}

static void receive_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, buffer + done, size - done);

		assert_true(n > 0);
		done += (size_t)n;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Milliseconds for a frame to come that is asked for with a byte; the median. */
static double time_frames_from(int fd, char how)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		gint64 begin = g_get_monotonic_time();

		memset(buffer, 0, sizeof(buffer));
		send_all(fd, (const unsigned char *)&how, 1);
		receive_all(fd, sizeof(buffer));
		times[i] = (double)(g_get_monotonic_time() - begin) / 1e3;
		assert_true(frame_is_right(buffer));
	}
	qsort(times, ROUNDS, sizeof(double), compare);
	return times[ROUNDS / 2];
}

/* The same between two programs of the host, as a measure of this machine. */
static double time_frames_of_host(void)
{
	double ms;
	int ends[2];
	pid_t pid;

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), errno);
	pid = fork();
	if (pid == 0) {
		char wanted;

		close(ends[0]);
		frame_fill(buffer);
		while (read(ends[1], &wanted, 1) == 1)
			send_all(ends[1], buffer, sizeof(buffer));
		_exit(0);
	}
	close(ends[1]);
	ms = time_frames_from(ends[0], 'w');
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return ms;
}

static void test_start(void **state)
{
	const char *guest = g_getenv("VKSESSION_TEST_CHANNEL");
	g_autofree char *log = person_path(&story.person, "channel.log");
	g_autoptr(GError) error = NULL;
	VkLauncherConfig config = {
		.session = "channel",
		.runtime_dir = story.runtime,
		.log_path = log,
		.memory_bytes = GUEST_BYTES,
		.no_display = TRUE,
		.root_program = guest,
	};

	assert_non_null(guest);
	if (!vk_launcher_start(&config, &error))
		fail_msg("the guest does not start: %s", error->message);
	story.host_ms = time_frames_of_host();
	story_step_done();
}

static void test_frames_from_the_guest(void **state)
{
	autofd fd = connect_channel();
	double written = time_frames_from(fd, 'w');
	double spliced = time_frames_from(fd, 's');

	printf("# a frame of %d bytes from guest to host: written %.1f ms, spliced %.1f ms; "
	       "between "
	       "programs of the host %.1f ms (%.1f x, %.1f x)\n",
	       FRAME_BYTES, written, spliced, story.host_ms, written / story.host_ms,
	       spliced / story.host_ms);
	story_step_done();
}

static void test_frames_to_the_guest(void **state)
{
	autofd fd = connect_channel();
	static unsigned char frame[FRAME_BYTES];
	gint64 begin;
	double ms;

	frame_fill(frame);
	begin = g_get_monotonic_time();
	for (int i = 0; i < ROUNDS; i++) {
		send_all(fd, (const unsigned char *)"r", 1);
		send_all(fd, frame, sizeof(frame));
		receive_all(fd, 1);
		assert_int_equal(buffer[0], 'k');
	}
	ms = (double)(g_get_monotonic_time() - begin) / 1e3 / ROUNDS;
	printf("# a frame from host to guest, checked there: %.1f ms\n", ms);
	story_step_done();
}

/* As by a viewer that is killed: in the middle of a frame. */
static void break_connection(void)
{
	autofd fd = connect_channel();

	send_all(fd, (const unsigned char *)"w", 1);
	receive_all(fd, 1000);
}

/*
 * A whole frame comes only when the guest is through with the connections before.
 * @return the vkernel's process
 */
static pid_t send_a_frame(void)
{
	autofd fd = connect_channel();
	VkLauncherStatus status;

	time_frames_from(fd, 's');
	assert_true(vk_launcher_get_status(story.runtime, &status));
	return status.vkernel_pid;
}

static void test_connections_break(void **state)
{
	g_auto(GStrv) before = vk_descriptors(send_a_frame());
	pid_t vkernel;

	for (int i = 0; i < CONNECTIONS; i++)
		break_connection();
	vkernel = send_a_frame();
	await_descriptors(vkernel, before);
	story_step_done();
}

static void test_end(void **state)
{
	assert_true(vk_launcher_kill(story.runtime, 10000, NULL));
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_frames_from_the_guest),
	STORY_STEP(test_frames_to_the_guest),
	STORY_STEP(test_connections_break),
	STORY_STEP(test_end),
};

static void begin(void)
{
	story.runtime = g_build_filename(story.person.runtime, "channel", NULL);
}

static void end(void)
{
	g_free(story.runtime);
}

STORY_MAIN("channel", story.person, steps, 100, .begin = begin, .end = end)
