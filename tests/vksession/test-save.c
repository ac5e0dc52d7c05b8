/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <string.h>
#include <unistd.h>

#include "vksession/store.h"

static VksManifest *manifest_of(void **state, guint number)
{
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");
	VksManifest *manifest = vks_store_load(saves, number, NULL);

	assert_non_null(manifest);
	assert_true(vks_store_verify(saves, manifest, NULL, NULL, NULL, NULL));
	return manifest;
}

static void test_live_saves(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(VksManifest) first = NULL;
	g_autoptr(VksManifest) second = NULL;

	run_session(vks, "s");
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	assert_int_equal(save_session(vks, "s", FALSE), 2);
	assert_state(vks, "s", VKS_STATE_RUNNING);
	assert_file(state, "run/vksession/s/held", FALSE);
	first = manifest_of(state, 1);
	second = manifest_of(state, 2);
	assert_int_equal(first->parent, 0);
	assert_int_equal(second->parent, 1);
	assert_false(first->stopped);
	assert_string_equal(first->session_id, second->session_id);
	assert_string_equal(first->session_name, "s");
	assert_int_equal(first->figures.dump_us, 2000);
	assert_int_equal(first->windows->len, 1);
	assert_int_equal(first->parts->len, 4);
	assert_true(first->figures.total_us > 0);
	assert_true(first->figures.written_bytes > 0);
	assert_true(*first->kernel_command_line && *first->boot_id);
	assert_true(g_strv_length(first->cpu_features) > 0);
	assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
}

static void test_stopping_save(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(VksManifest) manifest = NULL;

	run_session(vks, "s");
	assert_int_equal(save_session(vks, "s", TRUE), 1);
	assert_state(vks, "s", VKS_STATE_SAVED);
	assert_file(state, "run/vksession/s/running", FALSE);
	assert_file(state, "run/vksession/s/viewer", FALSE);
	manifest = manifest_of(state, 1);
	assert_true(manifest->stopped);
}

static void test_without_layout(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(VksManifest) manifest = NULL;

	run_session(vks, "s");
	fake_fail("layout_save", G_IO_ERROR_NOT_FOUND);
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	manifest = manifest_of(state, 1);
	assert_int_equal(manifest->parts->len, 3);
	assert_null(vks_manifest_part(manifest, VKS_PART_LAYOUT));
}

/* The save has the picture that was asked for; that of a detached session was made at its detach. */
static void test_thumbnail(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autofree char *picture = NULL;

	run_session(vks, "s");
	assert_true(vks_detach(vks, "s", NULL));
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	picture = sandbox_read(state, "state/vksession/s/saves/1/thumbnail.png");
	assert_string_equal(picture, "a picture");
}

static void test_without_thumbnail(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(VksManifest) manifest = NULL;

	run_session(vks, "s");
	fake_fail("request_thumbnail", G_IO_ERROR_FAILED);
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	manifest = manifest_of(state, 1);
	assert_null(vks_manifest_part(manifest, VKS_PART_THUMBNAIL));
	assert_file(state, "state/vksession/s/saves/1/thumbnail.png", FALSE);
}

/* Every step fails once: the session goes on, the earlier save is intact, nothing is left over. */
static void test_failures(void **state)
{
	static const struct {
		const char *step;
		int io_code;
		int code;
	} cases[] = {
		{ "prepare_save", G_IO_ERROR_FAILED, VKS_ERROR_FAILED },
		{ "checkpoint", G_IO_ERROR_NO_SPACE, VKS_ERROR_NO_SPACE },
		{ "checkpoint", G_IO_ERROR_FAILED, VKS_ERROR_FAILED },
	};
	g_autoptr(Vks) vks = open_fake();

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	for (gsize i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		VksSaveOptions options = { .name = "s", .stop = i % 2 == 1 };
		g_autoptr(GError) error = NULL;
		VksSaveResult result;

		fake_fail(cases[i / 2].step, cases[i / 2].io_code);
		assert_false(vks_save(vks, &options, NULL, &result, &error));
		assert_vks_error(&error, cases[i / 2].code);
		fake_fail(NULL, 0);
		assert_state(vks, "s", VKS_STATE_RUNNING);
		assert_file(state, "run/vksession/s/held", FALSE);
		assert_file(state, "run/vksession/s/viewer", TRUE);
		assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
		vks_manifest_free(manifest_of(state, 1));
	}
	assert_int_equal(save_session(vks, "s", FALSE), 2);
}

static void cancel_at(const char *stage, guint64 done, guint64 total, gpointer user_data)
{
	if (strcmp(stage, "computing checksums") == 0)
		g_cancellable_cancel(user_data);
}

static void test_cancelled(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	VksSaveOptions options = { .name = "s", .stop = TRUE };
	VksControl control = { cancel_at, cancellable, cancellable };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	run_session(vks, "s");
	assert_false(vks_save(vks, &options, &control, &result, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
	assert_state(vks, "s", VKS_STATE_RUNNING);
	assert_file(state, "run/vksession/s/held", FALSE);
	assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
}

static void test_wrong_state(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksSaveOptions options = { .name = "s" };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	assert_false(vks_save(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_file(state, "state/vksession/.locks/s", FALSE);
	run_session(vks, "s");
	save_session(vks, "s", TRUE);
	assert_false(vks_save(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
}

/* The end of a session that could not be brought about after its save was safe. */
static void test_kill_fails(void **state)
{
	g_autoptr(Vks) vks = open_fake();
	VksSaveOptions options = { .name = "s", .stop = TRUE };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	run_session(vks, "s");
	fake_fail("kill", G_IO_ERROR_TIMED_OUT);
	assert_false(vks_save(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
	fake_fail(NULL, 0);
	vks_manifest_free(manifest_of(state, 1));
	assert_file(state, "run/vksession/s/held", TRUE);
	/* Whoever comes next carries it through. */
	assert_false(vks_save(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_state(vks, "s", VKS_STATE_SAVED);
}

/* A command that was killed while it held the guest, before the save was published. */
static void test_interrupted(void **state)
{
	g_autoptr(Vks) vks = open_fake();

	run_session(vks, "s");
	save_session(vks, "s", FALSE);
	sandbox_write(state, "run/vksession/s/held", "");
	sandbox_write(state, "state/vksession/s/saves/.new-abc/memory", "half");
	run_session(vks, "s");
	assert_file(state, "run/vksession/s/held", FALSE);
	assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
	assert_state(vks, "s", VKS_STATE_RUNNING);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_live_saves),	    IN_SANDBOX(test_stopping_save),
		IN_SANDBOX(test_without_layout),    IN_SANDBOX(test_thumbnail),
		IN_SANDBOX(test_without_thumbnail), IN_SANDBOX(test_failures),
		IN_SANDBOX(test_cancelled),	    IN_SANDBOX(test_wrong_state),
		IN_SANDBOX(test_kill_fails),	    IN_SANDBOX(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
