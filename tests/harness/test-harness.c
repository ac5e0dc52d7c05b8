/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness itself: what it promises about time, output, detached processes and windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "process.h"
#include "supervise.h"
#include "wait.h"
#include "windows.h"
#include "xserver.h"

static void run_shell(const char *script, int timeout_ms, ProcessResult *result)
{
	struct process_request request = {
		.argv = (const char *const[]){ "sh", "-c", script, NULL },
		.timeout_ms = timeout_ms,
	};

	run_process(&request, result);
}

static void test_output_and_status(void **state)
{
	g_auto(ProcessResult) result = { 0 };

	run_shell("echo out; echo err >&2; exit 7", 5000, &result);
	assert_int_equal(result.status, 7);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.err, "err\n");
	assert_false(result.timed_out);
	assert_false(result.output_held);
}

static void test_input(void **state)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = {
		.argv = (const char *const[]){ "cat", NULL },
		.input = "to and fro",
		.timeout_ms = 5000,
	};

	run_process(&request, &result);
	assert_int_equal(result.status, 0);
	assert_string_equal(result.out, "to and fro");
}

static void test_time_limit(void **state)
{
	g_auto(ProcessResult) result = { 0 };

	run_shell("echo before; read never < /dev/zero & wait", 300, &result);
	assert_true(result.timed_out);
	assert_string_equal(result.out, "before\n");
	assert_int_equal(result.status, 128 + SIGKILL);
}

/* Kills what is called "tail" of what was started. Return: whether there was one. */
static bool kill_tail(void *data)
{
	g_autoptr(GArray) started = list_started();
	bool found = false;

	for (guint i = 0; i < started->len; i++) {
		struct process_info *info = &g_array_index(started, struct process_info, i);

		if (strcmp(info->name, "tail"))
			continue;
		found = true;
		kill(info->pid, SIGKILL);
	}
	return found;
}

/* The same, until nothing is left of all that was started. */
static bool kill_all_tails(void *data)
{
	g_autoptr(GArray) started = NULL;

	kill_tail(NULL);
	started = list_started();
	return started->len == 0;
}

static void test_held_output_is_noticed(void **state)
{
	g_auto(ProcessResult) result = { 0 };

	run_shell("tail -f /dev/null & exit 0", 10000, &result);
	assert_int_equal(result.status, 0);
	assert_true(result.output_held);
	assert_false(result.timed_out);
	assert_true(wait_until(kill_all_tails, NULL, -1, 5000));
}

static void test_detached_process_is_seen(void **state)
{
	g_auto(ProcessResult) result = { 0 };

	run_shell("setsid tail -f /dev/null >/dev/null 2>&1 </dev/null & exit 0", 5000, &result);
	assert_int_equal(result.status, 0);
	assert_true(wait_until(kill_tail, NULL, -1, 5000));
	assert_true(wait_until(kill_all_tails, NULL, -1, 5000));
}

static int leave_process_behind(void)
{
	g_auto(ProcessResult) result = { 0 };

	run_shell("setsid tail -f /dev/null >/dev/null 2>&1 </dev/null & exit 0", 5000, &result);
	return 0;
}

static void test_left_process_is_killed(void **state)
{
	assert_int_equal(supervise(leave_process_behind, 30), 99);
}

static int run_for_ever(void)
{
	while (pause() < 0)
		;
	return 0;
}

static void test_limit_of_the_whole(void **state)
{
	assert_int_equal(supervise(run_for_ever, 1), 124);
}

static void test_wait_for_file(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("harness-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "file", NULL);
	g_autofree char *script = g_strdup_printf("read x < /dev/null; echo late > %s", path);
	pid_t writer;

	assert_false(wait_for_file(path, NULL, 100));
	writer = start_process((const char *const[]){ "sh", "-c", script, NULL }, NULL, -1, 2);
	assert_true(wait_for_file(path, "late", 5000));
	stop_process(writer);
	g_remove(path);
	g_rmdir(dir);
}

static void test_desktop(void **state)
{
	autofd null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	g_auto(GStrv) environment = NULL;
	struct xserver x = { 0 };
	struct window window;
	char *text;
	pid_t clock;

	xserver_start(&x, null);
	environment = g_environ_setenv(g_get_environ(), "DISPLAY", x.name, TRUE);
	clock = start_process((const char *const[]){ "xclock", NULL }, environment, -1, null);
	assert_true(window_wait(&x, "xclock", &window, 10000));
	assert_true(window_place(&x, &window, 300, 200, 250, 260));
	assert_int_equal(window.width, 250);

	assert_true(clipboard_set(&x, "copied"));
	text = clipboard_get(&x);
	assert_string_equal(text, "copied");
	g_free(text);

	stop_process(clock);
	assert_true(window_wait_none(&x, 5000));
	xserver_stop(&x);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_held_output_is_noticed),
		cmocka_unit_test(test_detached_process_is_seen),
		cmocka_unit_test(test_left_process_is_killed),
		cmocka_unit_test(test_limit_of_the_whole),
		cmocka_unit_test(test_wait_for_file),
		cmocka_unit_test(test_desktop),
	};

	return cmocka_run_group_tests_name("harness", tests, NULL, NULL);
}

int main(void)
{
	return supervise(all_tests, 100);
}
