/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "xproxy/guest/announce.h"
#include "xproxy/guest/spawn.h"
#include "xproxy/guest/xauthority.h"

static const struct stack_config config = {
	.dir = "/run/x",
	.display = "100",
	.screen = "640x480",
	.bus = "unix:path=/run/x/bus",
};

static const char *find_prefixed(char **list, const char *prefix)
{
	for (; *list; list++)
		if (!strncmp(*list, prefix, strlen(prefix)))
			return *list;
	return NULL;
}

static void xauth_record_is_as_xlib_reads_it(void **state)
{
	const uint8_t cookie[XAUTH_COOKIE_SIZE] = "0123456789abcde";
	const uint8_t expected[] = "\xff\xff\0\0\0\003"
				   "100\0\022MIT-MAGIC-COOKIE-1\0\020"
				   "0123456789abcde";
	uint8_t record[XAUTH_RECORD_MAX];

	assert_int_equal(xauth_encode(record, 100, cookie), sizeof(expected));
	assert_memory_equal(record, expected, sizeof(expected));
}

static void xauth_file_is_private_and_new(void **state)
{
	char path[] = "/tmp/test-xauth-XXXXXX";
	uint8_t first[XAUTH_COOKIE_SIZE], second[XAUTH_COOKIE_SIZE];
	struct stat info;

	close(mkstemp(path));
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(xauth_create(path, 7, first), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(info.st_size, 45);
	assert_int_equal(xauth_create(path, 7, second), 0);
	assert_memory_not_equal(first, second, sizeof(first));
	unlink(path);
	assert_int_equal(xauth_create("/nonexistent/file", 7, first), -ENOENT);
}

static void marks_are_expanded(void **state)
{
	char *text = expand_string("a@dir@b:@display@@screen@", &config);

	assert_string_equal(text, "a/run/xb:100640x480");
	free(text);
	text = expand_string("", &config);
	assert_string_equal(text, "");
	free(text);
	errno = 0;
	assert_null(expand_string("@nosuch@", &config));
	assert_int_equal(errno, EINVAL);
	assert_null(expand_string("unfinished@dir", &config));
}

static void x_server_command(void **state)
{
	char **argv = command_argv(PROGRAM_X_SERVER, &config);

	assert_string_equal(command_path(PROGRAM_X_SERVER), "/usr/bin/Xvfb");
	assert_string_equal(argv[1], ":100");
	assert_non_null(find_prefixed(argv, "640x480x24"));
	assert_non_null(find_prefixed(argv, "-noreset"));
	assert_non_null(find_prefixed(argv, "/run/x/Xauthority"));
	free_list(argv);
}

static void xpra_is_closed_to_the_network(void **state)
{
	char **argv = command_argv(PROGRAM_XPRA, &config);

	assert_string_equal(argv[6], ":100");
	assert_non_null(find_prefixed(argv, "--bind=none"));
	assert_null(find_prefixed(argv, "--bind-tcp"));
	assert_non_null(find_prefixed(argv, "--mdns=no"));
	assert_non_null(find_prefixed(argv, "--start-new-commands=no"));
	free_list(argv);
}

static void environment_is_overridden(void **state)
{
	const char *const base[] = { "PATH=/home/u/bin", "DISPLAY=:0", "XAUTHORITY=/x", "LANG=C",
				     NULL };
	char **list = command_environment(PROGRAM_XPRA, &config, (char *const *)base);

	assert_string_equal(find_prefixed(list, "PATH="), "PATH=/nonexistent");
	assert_string_equal(find_prefixed(list, "DISPLAY="), "DISPLAY=:100");
	assert_string_equal(find_prefixed(list, "LANG="), "LANG=C");
	assert_string_equal(find_prefixed(list, "HOME="), "HOME=/run/x/xpra");
	assert_string_equal(find_prefixed(list, "DBUS_SESSION_BUS_ADDRESS="),
			    "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/x/bus");
	free_list(list);
	list = command_environment(PROGRAM_X_SERVER, &config, (char *const *)base);
	assert_null(find_prefixed(list, "DISPLAY"));
	assert_null(find_prefixed(list, "XAUTHORITY"));
	assert_string_equal(find_prefixed(list, "PATH="), "PATH=/home/u/bin");
	free_list(list);
}

static void announcements(void **state)
{
	struct stack_config no_bus = config;
	char line[ANNOUNCE_MAX];

	assert_true(announce_format_display(line, sizeof(line), &config) > 0);
	assert_string_equal(line, "display :100 XAUTHORITY=/run/x/Xauthority "
				  "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/x/bus\n");
	no_bus.bus = "";
	assert_true(announce_format_display(line, sizeof(line), &no_bus) > 0);
	assert_string_equal(line, "display :100 XAUTHORITY=/run/x/Xauthority\n");
	assert_int_equal(announce_format_display(line, 20, &config), 0);
	assert_int_equal(announce_format_ready(line, sizeof(line), &config), 23);
	assert_string_equal(line, "ready /run/x/xpra.sock\n");
}

static void failure_is_one_line(void **state)
{
	char line[16];

	assert_int_equal(announce_format_failed(line, sizeof(line), "two\nlines"), 15);
	assert_string_equal(line, "failed two lin\n");
	assert_int_equal(announce_format_failed(line, sizeof(line), "x"), 9);
	assert_string_equal(line, "failed x\n");
}

static void nobody_listens(void **state)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(announce_write(ends[1], "x\n", 2), 0);
	close(ends[1]);
	assert_int_equal(announce_write(ends[1], "x\n", 2), -EBADF);
}

/* The child tells its environment and open descriptors; the listener must be the third. */
static void spawned_program_has_what_it_is_given(void **state)
{
	const char *script = "echo $A $LISTEN_FDS $(test $LISTEN_PID = $$ && echo me)"
			     " $(readlink /proc/self/fd/3 | cut -d: -f1); echo oops >&2";
	const char *const argv[] = { "sh", "-c", script, NULL };
	const char *const environment[] = { "A=b", "PATH=/usr/bin:/bin", NULL };
	int ends[2], output = -1, status = -1;
	char text[64] = "";
	size_t len = 0;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	struct spawn_request request = { "/bin/sh", (char *const *)argv, (char *const *)environment,
					 ends[0], 1 };

	pid = spawn_program(&request, &output);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (ssize_t n; (n = read(output, text + len, sizeof(text) - 1 - len)) > 0;)
		len += (size_t)n;
	assert_string_equal(text, "b 1 me pipe\noops\n");
	close(output);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xauth_record_is_as_xlib_reads_it),
		cmocka_unit_test(xauth_file_is_private_and_new),
		cmocka_unit_test(marks_are_expanded),
		cmocka_unit_test(x_server_command),
		cmocka_unit_test(xpra_is_closed_to_the_network),
		cmocka_unit_test(environment_is_overridden),
		cmocka_unit_test(announcements),
		cmocka_unit_test(failure_is_one_line),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(spawned_program_has_what_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
