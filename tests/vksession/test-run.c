/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <unistd.h>

static const char *const xterm[] = { "xterm", NULL };
static const char *const no_such_program[] = { "no-such-program", NULL };

static void assert_run_fails(Vks *vks, const VksRunOptions *options, int code)
{
	g_autoptr(GError) error = NULL;
	VksRunResult result;

	assert_false(vks_run(vks, options, NULL, &result, &error));
	assert_vks_error(&error, code);
}

static void test_new_session(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = { .name = "s", .argv = xterm, .display = ":9" };
	g_autoptr(GPtrArray) list = NULL;
	const VksSessionInfo *info;
	VksRunResult result;

	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	assert_true(result.created);
	assert_int_equal(result.pid, 42);
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	assert_false(result.created);
	list = vks_list(vks, "s", TRUE, NULL);
	info = list->pdata[0];
	assert_int_equal(info->state, VKS_STATE_RUNNING);
	assert_string_equal(info->display, ":9");
	assert_true(info->network);
	assert_true(info->memory_bytes > 0 && info->memory_bytes % (1 << 20) == 0);
	assert_int_equal(g_strv_length(info->commands), 2);
	assert_int_equal(info->programs->len, 1);
}

static void test_no_display(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = { .name = "s", .argv = xterm };
	VksRunResult result;

	assert_run_fails(vks, &options, VKS_ERROR_UNSUPPORTED);
	assert_file(state, "state/vksession/s", FALSE);
	options.detach = TRUE;
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	assert_file(state, "run/vksession/s/viewer", FALSE);
}

static void test_program_not_found(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = { .name = "s", .argv = no_such_program, .display = ":9" };

	assert_run_fails(vks, &options, VKS_ERROR_FAILED);
	assert_file(state, "state/vksession/s", FALSE);
	assert_file(state, "run/vksession/s", FALSE);
	assert_file(state, "state/vksession/.locks/s", FALSE);
	/* In a session that was there before, nothing else is touched. */
	run_session(vks, "s");
	assert_run_fails(vks, &options, VKS_ERROR_FAILED);
	assert_state(vks, "s", VKS_STATE_RUNNING);
}

static void test_start_fails(void **state)
{
	static const struct {
		const char *step;
		int io_code;
		int code;
	} cases[] = {
		{ "start", G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
		{ "start", G_IO_ERROR_NO_SPACE, VKS_ERROR_NO_SPACE },
		{ "start", G_IO_ERROR_FAILED, VKS_ERROR_FAILED },
		{ "viewer_start", G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
		{ "run", G_IO_ERROR_FAILED, VKS_ERROR_FAILED },
	};
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = { .name = "s", .argv = xterm, .display = ":9" };

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		fake_fail(cases[i].step, cases[i].io_code);
		assert_run_fails(vks, &options, cases[i].code);
		assert_file(state, "state/vksession/s", FALSE);
		assert_file(state, "run/vksession/s", FALSE);
		assert_no_leftovers(state, "state/vksession", ".drop-");
	}
	fake_fail(NULL, 0);
}

static void test_missing_kernel(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autofree char *kernel = sandbox_path(state, "libexec/vkernel");
	VksRunOptions options = { .name = "s", .argv = xterm, .display = ":9" };

	assert_int_equal(unlink(kernel), 0);
	assert_run_fails(vks, &options, VKS_ERROR_UNSUPPORTED);
	assert_file(state, "state/vksession/s", FALSE);
}

static void test_wrong_state(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions memory = {
		.name = "s", .argv = xterm, .display = ":9", .memory_bytes = 64 << 20
	};
	VksRunOptions network = { .name = "s", .argv = xterm, .display = ":9", .no_network = TRUE };
	VksRunOptions only_new = { .name = "s", .argv = xterm, .display = ":9", .new_only = TRUE };
	VksRunOptions plain = { .name = "s", .argv = xterm, .display = ":9" };

	run_session(vks, "s");
	assert_run_fails(vks, &memory, VKS_ERROR_STATE);
	assert_run_fails(vks, &network, VKS_ERROR_STATE);
	assert_run_fails(vks, &only_new, VKS_ERROR_STATE);
	save_session(vks, "s", TRUE);
	assert_run_fails(vks, &plain, VKS_ERROR_STATE);
	assert_run_fails(vks, &only_new, VKS_ERROR_STATE);
	assert_state(vks, "s", VKS_STATE_SAVED);
}

static void test_stop_and_run_again(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(GError) error = NULL;

	assert_false(vks_stop(vks, "s", 0, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	run_session(vks, "s");
	assert_true(vks_stop(vks, "s", 0, NULL));
	assert_state(vks, "s", VKS_STATE_STOPPED);
	assert_file(state, "run/vksession/s/viewer", FALSE);
	assert_false(vks_stop(vks, "s", 0, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	run_session(vks, "s");
	list = vks_list(vks, "s", FALSE, NULL);
	assert_int_equal(g_strv_length(((VksSessionInfo *)list->pdata[0])->commands), 1);
	/* A guest that does not listen is killed. */
	fake_fail("stop", G_IO_ERROR_TIMED_OUT);
	assert_true(vks_stop(vks, "s", 0, NULL));
	fake_fail(NULL, 0);
	assert_state(vks, "s", VKS_STATE_STOPPED);
}

static void test_attach_detach(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	static const char *const desktop[] = { "XAUTHORITY=/run/other", NULL };
	g_autofree char *path = sandbox_path(state, "run/vksession/s/authority");
	g_autofree char *authority = NULL;
	g_autoptr(GError) error = NULL;
	gint64 drawn;

	run_session(vks, "s");
	assert_false(vks_attach(vks, "s", ":9", NULL, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_true(vks_wait_drawn(vks, "s", 0, &drawn, NULL));
	assert_true(vks_detach(vks, "s", NULL));
	assert_false(vks_detach(vks, "s", &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_false(vks_attach(vks, "s", NULL, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_UNSUPPORTED);
	assert_true(vks_attach(vks, "s", ":10", desktop, NULL));
	assert_true(g_file_get_contents(path, &authority, NULL, NULL));
	assert_string_equal(authority, "/run/other");
	fake_fail("viewer_wait_drawn", G_IO_ERROR_TIMED_OUT);
	assert_false(vks_wait_drawn(vks, "s", 0, &drawn, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
	fake_fail(NULL, 0);
	assert_true(vks_stop(vks, "s", 0, NULL));
	assert_false(vks_attach(vks, "s", ":9", NULL, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_false(vks_detach(vks, "s", &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
}

static void test_crashed(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autofree char *running = sandbox_path(state, "run/vksession/s/running");

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	assert_int_equal(unlink(running), 0);
	assert_state(vks, "s", VKS_STATE_CRASHED);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_new_session),
		IN_SANDBOX(test_no_display),
		IN_SANDBOX(test_program_not_found),
		IN_SANDBOX(test_start_fails),
		IN_SANDBOX(test_missing_kernel),
		IN_SANDBOX(test_wrong_state),
		IN_SANDBOX(test_stop_and_run_again),
		IN_SANDBOX(test_attach_detach),
		IN_SANDBOX(test_crashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
