/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notifications of the display stack, and the relay between two pairs of sockets. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "launcher/guest/display.h"
#include "launcher/guest/relay.h"

static unsigned int changes;

static void count_change(struct display *display)
{
	changes++;
}

static void start(struct display *display)
{
	*display = (struct display){ .state = DISPLAY_STARTING, .pid = 7, .changed = count_change };
	changes = 0;
}

static void display_then_ready(void **state)
{
	static struct environment environment;
	struct display display;

	start(&display);
	display_take_line(&display, "display :100 XAUTHORITY=/a  DBUS_SESSION_BUS_ADDRESS=unix:x");
	assert_int_equal(display.state, DISPLAY_UP);
	assert_string_equal(display.name, ":100");
	display_add_environment(&display, &environment);
	assert_int_equal(environment.count, 3);
	assert_string_equal(environment.strings[0], "DISPLAY=:100");
	assert_string_equal(environment.strings[1], "XAUTHORITY=/a");
	assert_string_equal(environment.strings[2], "DBUS_SESSION_BUS_ADDRESS=unix:x");
	display_take_line(&display, "ready /run/vksession/xpra.sock");
	assert_int_equal(display.state, DISPLAY_READY);
	assert_string_equal(display.socket, "/run/vksession/xpra.sock");
	/* The server has been started again; programs notice nothing. */
	display_take_line(&display, "display :100 XAUTHORITY=/b");
	assert_int_equal(display.state, DISPLAY_READY);
	display_take_line(&display, "ready /run/other.sock");
	assert_string_equal(display.socket, "/run/other.sock");
	assert_int_equal(changes, 3);
}

static void failures_are_kept(void **state)
{
	struct display display;

	start(&display);
	display_take_line(&display, "failed no Xvfb");
	assert_int_equal(display.state, DISPLAY_FAILED);
	assert_string_equal(display.failure, "no Xvfb");
	assert_false(display_child_ended(&display, 8));
	assert_true(display_child_ended(&display, 7));
	assert_string_equal(display.failure, "no Xvfb");
	start(&display);
	assert_true(display_child_ended(&display, 7));
	assert_int_equal(display.state, DISPLAY_FAILED);
	assert_false(display_child_ended(&display, 0));
}

static void odd_lines(void **state)
{
	struct display display;
	char line[8192];

	start(&display);
	display_take_line(&display, "");
	display_take_line(&display, "something new");
	display_take_line(&display, "displays :1");
	assert_int_equal(changes, 0);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	memcpy(line, "display :1 ", strlen("display :1 "));
	display_take_line(&display, line);
	assert_string_equal(display.name, ":1");
	assert_int_equal(display.variables_length, sizeof("DISPLAY=:1"));
	memcpy(line, "ready /xxxxxxxxxxxx", strlen("ready /xxxxxxxxxxxx"));
	display_take_line(&display, line);
	assert_int_equal(display.state, DISPLAY_FAILED);
	start(&display);
	display_take_line(&display, "ready relative");
	assert_int_equal(display.state, DISPLAY_FAILED);
	start(&display);
	display_take_line(&display, "display ");
	assert_int_equal(display.state, DISPLAY_FAILED);
}

/* ---- relay ---- */

#define AMOUNT ((size_t)16 << 20)

struct pump {
	int stream;
	int socket;
	int result;
};

static void *pump(void *data)
{
	struct pump *both = data;

	both->result = relay_pump(both->stream, both->socket);
	close(both->stream);
	close(both->socket);
	return NULL;
}

static void *send_numbers(void *data)
{
	int fd = *(int *)data;
	uint32_t *numbers = malloc(AMOUNT);
	size_t sent = 0;

	for (size_t i = 0; i < AMOUNT / sizeof(*numbers); i++)
		numbers[i] = (uint32_t)i;
	while (sent < AMOUNT) {
		ssize_t put = send(fd, (char *)numbers + sent, AMOUNT - sent, MSG_NOSIGNAL);

		if (put <= 0)
			break;
		sent += (size_t)put;
	}
	shutdown(fd, SHUT_WR);
	free(numbers);
	return NULL;
}

static void expect_numbers(int fd)
{
	uint32_t *numbers = malloc(AMOUNT + 1);
	size_t got = 0;
	ssize_t part;

	while ((part = recv(fd, (char *)numbers + got, AMOUNT + 1 - got, 0)) > 0)
		got += (size_t)part;
	assert_int_equal(part, 0);
	assert_int_equal(got, AMOUNT);
	for (size_t i = 0; i < AMOUNT / sizeof(*numbers); i++) {
		if (numbers[i] != i)
			fail_msg("byte %zu differs", i * sizeof(*numbers));
	}
	free(numbers);
}

/* Outer ends in [0]; the relay has [1] of both. */
static void start_relay(int viewer[2], int server[2], struct pump *both, pthread_t *thread)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, viewer), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, server), 0);
	fcntl(viewer[1], F_SETFL, O_NONBLOCK);
	fcntl(server[1], F_SETFL, O_NONBLOCK);
	*both = (struct pump){ .stream = viewer[1], .socket = server[1], .result = 1 };
	assert_int_equal(pthread_create(thread, NULL, pump, both), 0);
}

static void relay_carries_both_ways(void **state)
{
	pthread_t threads[3];
	struct pump both;
	int viewer[2];
	int server[2];

	start_relay(viewer, server, &both, &threads[0]);
	pthread_create(&threads[1], NULL, send_numbers, &viewer[0]);
	pthread_create(&threads[2], NULL, send_numbers, &server[0]);
	expect_numbers(server[0]);
	expect_numbers(viewer[0]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(both.result, 0);
	close(viewer[0]);
	close(server[0]);
}

static void relay_passes_a_half_close_on(void **state)
{
	pthread_t thread;
	struct pump both;
	int viewer[2];
	int server[2];
	char data[8];

	start_relay(viewer, server, &both, &thread);
	assert_int_equal(send(viewer[0], "ask", 3, 0), 3);
	shutdown(viewer[0], SHUT_WR);
	assert_int_equal(recv(server[0], data, 3, MSG_WAITALL), 3);
	assert_int_equal(recv(server[0], data, 1, 0), 0);
	assert_int_equal(send(server[0], "reply", 5, 0), 5);
	assert_int_equal(recv(viewer[0], data, 5, MSG_WAITALL), 5);
	close(server[0]);
	assert_int_equal(recv(viewer[0], data, 1, 0), 0);
	pthread_join(thread, NULL);
	assert_int_equal(both.result, 0);
	close(viewer[0]);
}

static void relay_ends_when_a_side_vanishes(void **state)
{
	pthread_t threads[2];
	struct pump both;
	int viewer[2];
	int server[2];
	char data[8];

	start_relay(viewer, server, &both, &threads[0]);
	pthread_create(&threads[1], NULL, send_numbers, &server[0]);
	assert_int_equal(recv(viewer[0], data, sizeof(data), MSG_WAITALL), sizeof(data));
	close(viewer[0]);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_int_equal(both.result, 0);
	close(server[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(display_then_ready),
		cmocka_unit_test(failures_are_kept),
		cmocka_unit_test(odd_lines),
		cmocka_unit_test(relay_carries_both_ways),
		cmocka_unit_test(relay_passes_a_half_close_on),
		cmocka_unit_test(relay_ends_when_a_side_vanishes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
