/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <string.h>
#include <unistd.h>

#include "vksession/durable.h"
#include "vksession/machine.h"
#include "vksession/store.h"

static gboolean thaw(Vks *vks, guint number, GError **error)
{
	VksThawOptions options = { .name = "s", .number = number, .display = ":9" };
	VksThawResult result;

	return vks_thaw(vks, &options, NULL, &result, error);
}

/* Three live saves and a last one. */
static Vks *make_saves(void)
{
	Vks *vks = open_fake();

	run_session(vks, "s");
	for (int i = 0; i < 3; i++)
		save_session(vks, "s", i == 2);
	return vks;
}

static void assert_not_running(void **state, Vks *vks)
{
	assert_file(state, "run/vksession/s/running", FALSE);
	assert_file(state, "run/vksession/s/viewer", FALSE);
	assert_state(vks, "s", VKS_STATE_SAVED);
}

static void test_newest(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autofree char *from = NULL, *layout = NULL, *picture = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(VksManifest) manifest = NULL;
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");

	assert_true(thaw(vks, 0, NULL));
	assert_state(vks, "s", VKS_STATE_RUNNING);
	from = sandbox_read(state, "run/vksession/s/running");
	assert_true(g_str_has_suffix(from, "/saves/3"));
	layout = sandbox_read(state, "run/vksession/s/layout.json");
	assert_string_equal(layout, "{}\n");
	picture = sandbox_read(state, "run/vksession/s/thumbnail.png");
	assert_string_equal(picture, "a picture");
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	/* The next save knows where it comes from. */
	assert_int_equal(save_session(vks, "s", FALSE), 4);
	manifest = vks_store_load(saves, 4, NULL);
	assert_int_equal(manifest->parent, 3);
}

static void test_older(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autofree char *from = NULL;
	g_autoptr(VksManifest) manifest = NULL;
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");

	assert_true(thaw(vks, 1, NULL));
	from = sandbox_read(state, "run/vksession/s/running");
	assert_true(g_str_has_suffix(from, "/saves/1"));
	assert_int_equal(save_session(vks, "s", TRUE), 4);
	manifest = vks_store_load(saves, 4, NULL);
	assert_int_equal(manifest->parent, 1);
}

static void assert_save(Vks *vks, guint number, gboolean there)
{
	g_autofree char *path = part_path(vks, "s", number, "manifest.json");

	assert_int_equal(access(path, F_OK) == 0, there);
}

/* A rollback that was cut between its two halves: what ran is saved, and is the last there was. */
static void test_half_a_rollback(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	VksSaveOptions options = { .name = "s", .stop = TRUE, .reason = VKS_REASON_ROLLBACK };
	VksSaveResult result;
	g_autofree char *from = NULL;

	assert_true(thaw(vks, 1, NULL));
	assert_int_equal(save_session(vks, "s", FALSE), 4);
	assert_true(vks_save(vks, &options, NULL, &result, NULL));
	assert_true(thaw(vks, 0, NULL));
	from = sandbox_read(state, "run/vksession/s/running");
	assert_true(g_str_has_suffix(from, "/saves/5"));
}

/* It is kept besides what the policy keeps, but only until there is one of the run itself. */
static void test_what_a_run_came_from(void **state)
{
	static const char *const settings[] = { "keep=2", "hourly=0", "daily=0", "weekly=0", NULL };
	g_autoptr(Vks) vks = make_saves();
	VksPruneResult result;

	assert_true(thaw(vks, 1, NULL));
	assert_true(vks_set_policy(vks, "s", settings, NULL));
	assert_true(vks_prune(vks, "s", NULL, &result, NULL));
	for (guint i = 1; i <= 3; i++)
		assert_save(vks, i, TRUE);
	save_session(vks, "s", FALSE);
	save_session(vks, "s", FALSE);
	assert_true(vks_prune(vks, "s", NULL, &result, NULL));
	for (guint i = 1; i <= 5; i++)
		assert_save(vks, i, i > 3);
}

static void set_policy(Vks *vks, const char *quick_thaw, const char *short_pause)
{
	const char *const settings[] = { quick_thaw, short_pause, NULL };

	assert_true(vks_set_policy(vks, "s", settings, NULL));
}

static void assert_started(void **state, const char *map_memory, const char *copy_while_running)
{
	g_autofree char *mapped = sandbox_read(state, "run/vksession/s/map-memory");
	g_autofree char *copied = sandbox_read(state, "run/vksession/s/copy-while-running");

	assert_string_equal(mapped, map_memory);
	assert_string_equal(copied, copy_while_running);
}

/* Settings of the session: the one is of thaws, the other of fresh guests. */
static void test_settings(void **state)
{
	g_autoptr(Vks) vks = make_saves();

	set_policy(vks, "quick-thaw=yes", "short-pause=yes");
	assert_true(thaw(vks, 0, NULL));
	assert_started(state, "yes", "no");
	set_policy(vks, "quick-thaw=no", "short-pause=yes");
	save_session(vks, "s", TRUE);
	assert_true(thaw(vks, 0, NULL));
	assert_started(state, "no", "no");
	for (guint i = 1; i <= 4; i++)
		assert_true(vks_drop(vks, "s", i, NULL));
	assert_true(vks_stop(vks, "s", 0, NULL));
	run_session(vks, "s");
	assert_started(state, "no", "yes");
	set_policy(vks, "quick-thaw=yes", "short-pause=no");
	assert_true(vks_stop(vks, "s", 0, NULL));
	run_session(vks, "s");
	assert_started(state, "no", "no");
}

/* Memory is only mapped from where it can be read again. */
static void test_local_places(void **state)
{
	assert_true(vks_is_local(*state));
	assert_true(vks_is_local("/dev/shm"));
	assert_false(vks_is_local("/proc/self"));
	assert_false(vks_is_local("/nonsense"));
}

static void test_kernel_of_the_save(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autofree char *kernel = NULL, *text = NULL;

	sandbox_write(state, "libexec/vkernel", "a later kernel\n");
	assert_true(thaw(vks, 0, NULL));
	kernel = sandbox_read(state, "run/vksession/s/kernel");
	assert_true(g_file_get_contents(kernel, &text, NULL, NULL));
	assert_string_equal(text, "the kernel\n");
}

static void test_nothing_to_thaw(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GError) error = NULL;

	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	run_session(vks, "s");
	assert_true(vks_stop(vks, "s", 0, NULL));
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_false(thaw(vks, 2, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
}

static void test_no_such_save(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autoptr(GError) error = NULL;

	assert_false(thaw(vks, 9, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_not_running(state, vks);
}

static void test_damaged_parts(void **state)
{
	static const char *const parts[] = { "memory", "state", "layout.json", "manifest.json" };
	g_autoptr(Vks) vks = make_saves();

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = part_path(vks, "s", 3, parts[i]);
		g_autoptr(GError) error = NULL;

		sandbox_flip_bit(path, 9);
		assert_false(thaw(vks, 0, &error));
		assert_non_null(strstr(error->message, "save 3 is damaged"));
		assert_non_null(strstr(error->message, "saves 2, 1 are intact"));
		assert_non_null(strstr(error->message, "--save 2"));
		assert_vks_error(&error, VKS_ERROR_DAMAGED);
		assert_file(state, "run/vksession/s/running", FALSE);
		assert_file(state, "run/vksession/s/viewer", FALSE);
		sandbox_flip_bit(path, 9);
	}
	assert_not_running(state, vks);
	assert_true(thaw(vks, 0, NULL));
}

static void test_all_damaged(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autoptr(GError) error = NULL;

	for (guint number = 1; number <= 3; number++) {
		g_autofree char *path = part_path(vks, "s", number, "memory");

		assert_int_equal(truncate(path, 4096), 0);
	}
	assert_false(thaw(vks, 0, &error));
	assert_non_null(strstr(error->message, "no other save is intact"));
	assert_vks_error(&error, VKS_ERROR_DAMAGED);
}

static void test_missing_kernel(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	g_autofree char *kernels = sandbox_path(state, "state/vksession/kernels");
	g_autoptr(GError) error = NULL;

	assert_true(vks_tree_remove(kernels, NULL));
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_DAMAGED);
	assert_not_running(state, vks);
}

static void test_start_fails(void **state)
{
	static const struct {
		const char *step;
		int io_code;
		int code;
	} cases[] = {
		{ "start", G_IO_ERROR_INVALID_DATA, VKS_ERROR_DAMAGED },
		{ "start", G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
		{ "thawed", G_IO_ERROR_TIMED_OUT, VKS_ERROR_FAILED },
		{ "viewer_start", G_IO_ERROR_NOT_SUPPORTED, VKS_ERROR_UNSUPPORTED },
	};
	g_autoptr(Vks) vks = make_saves();

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		fake_fail(cases[i].step, cases[i].io_code);
		assert_false(thaw(vks, 0, &error));
		assert_vks_error(&error, cases[i].code);
		fake_fail(NULL, 0);
		assert_not_running(state, vks);
	}
	assert_true(thaw(vks, 0, NULL));
}

static void test_no_display(void **state)
{
	g_autoptr(Vks) vks = make_saves();
	VksThawOptions options = { .name = "s" };
	g_autoptr(GError) error = NULL;
	VksThawResult result;

	assert_false(vks_thaw(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_UNSUPPORTED);
	assert_not_running(state, vks);
	options.detach = TRUE;
	assert_true(vks_thaw(vks, &options, NULL, &result, NULL));
	assert_int_equal(result.number, 3);
}

/* session.json is not worth a save. */
static void test_lost_record(void **state)
{
	static const char *const damages[] = { NULL, "", "{", "{}", "[]" };
	g_autofree char *path = sandbox_path(state, "state/vksession/s/session.json");
	g_autoptr(Vks) vks = make_saves();

	for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
		unlink(path);
		if (damages[i])
			sandbox_write(state, "state/vksession/s/session.json", damages[i]);
		assert_state(vks, "s", VKS_STATE_SAVED);
		assert_true(thaw(vks, 0, NULL));
		save_session(vks, "s", TRUE);
	}
}

static void test_cycles(void **state)
{
	g_autoptr(Vks) vks = make_saves();

	for (guint i = 4; i < 16; i++) {
		assert_true(thaw(vks, 0, NULL));
		assert_int_equal(save_session(vks, "s", i % 3 != 0), i);
		if (i % 3 == 0)
			assert_true(vks_stop(vks, "s", 0, NULL));
	}
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_newest),
		IN_SANDBOX(test_older),
		IN_SANDBOX(test_settings),
		IN_SANDBOX(test_local_places),
		IN_SANDBOX(test_kernel_of_the_save),
		IN_SANDBOX(test_nothing_to_thaw),
		IN_SANDBOX(test_no_such_save),
		IN_SANDBOX(test_damaged_parts),
		IN_SANDBOX(test_all_damaged),
		IN_SANDBOX(test_missing_kernel),
		IN_SANDBOX(test_start_fails),
		IN_SANDBOX(test_no_display),
		IN_SANDBOX(test_lost_record),
		IN_SANDBOX(test_half_a_rollback),
		IN_SANDBOX(test_what_a_run_came_from),
		IN_SANDBOX(test_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
