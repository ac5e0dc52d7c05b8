/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the host that change while a session is frozen: pins, and the report of the thaw. */
#include "operations.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/changes.h"
#include "vksession/durable.h"
#include "vksession/paths.h"
#include "vksession/pins.h"
#include "vksession/store.h"

#define PROGRAM "home/bin/program"
#define LIBRARY "home/lib/library.so"

/* Files that the fake guest has open, in the order of this table. */
static const struct {
	const char *path;
	const char *use;
} guest_files[] = {
	{ PROGRAM, "3" },
	{ LIBRARY, "2" },
	{ "home/changed.txt", "0" },
	{ "home/replaced.txt", "0" },
	{ "home/deleted.txt", "0" },
	{ "home/moved.txt", "0" },
	{ "home/unreadable.txt", "0" },
	{ "home/unchanged.txt", "0" },
};

/* Makes the files and a session that was saved and ended with them open. */
static Vks *saved_session(void **state)
{
	g_autoptr(GString) list = g_string_new(NULL);
	Vks *vks = open_fake();

	for (gsize i = 0; i < G_N_ELEMENTS(guest_files); i++) {
		g_autofree char *path = sandbox_path(state, guest_files[i].path);
		g_autofree char *text = g_strdup_printf("content of file %zu\n", i);

		sandbox_write(state, guest_files[i].path, text);
		g_string_append_printf(list, "%s=%s\n", path, guest_files[i].use);
	}
	g_setenv("VKS_FAKE_FILES", list->str, TRUE);
	run_session(vks, "s");
	save_session(vks, "s", TRUE);
	g_unsetenv("VKS_FAKE_FILES");
	return vks;
}

static void replace(void **state, const char *relative, const char *text)
{
	g_autofree char *path = sandbox_path(state, relative);
	g_autofree char *beside = g_strconcat(path, ".new", NULL);

	assert_true(g_file_set_contents(beside, text, -1, NULL));
	assert_int_equal(rename(beside, path), 0);
}

static VksManifest *manifest_of(void **state, guint number)
{
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");
	VksManifest *manifest = vks_store_load(saves, number, NULL);

	assert_non_null(manifest);
	return manifest;
}

static const VksFileChange *find(void **state, const VksThawReport *report, const char *relative)
{
	g_autofree char *path = sandbox_path(state, relative);

	for (guint i = 0; i < report->files->len; i++) {
		const VksFileChange *change = report->files->pdata[i];

		if (strcmp(change->path, path) == 0)
			return change;
	}
	return NULL;
}

static void assert_change(void **state, const VksThawReport *report, const char *relative,
			  const char *expected)
{
	const VksFileChange *change = find(state, report, relative);

	if (!change)
		fail_msg("%s is not in the report", relative);
	assert_string_equal(change->state, expected);
}

static void prune(Vks *vks, guint expected)
{
	g_autoptr(GError) error = NULL;
	VksPruneResult result;

	if (!vks_prune(vks, "s", NULL, &result, &error))
		fail_msg("%s", error->message);
	assert_int_equal(result.pinned, expected);
}

static void thaw(Vks *vks)
{
	VksThawOptions options = { .name = "s", .detach = TRUE };
	g_autoptr(GError) error = NULL;
	VksThawResult result;

	if (!vks_thaw(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
}

static guint count_entries(void **state, const char *relative)
{
	g_autofree char *path = sandbox_path(state, relative);
	g_autoptr(GPtrArray) names = vks_dir_names(path, NULL);

	return names ? names->len : 0;
}

static void test_pins_are_made_once(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(VksManifest) manifest = manifest_of(state, 1);
	const VksHostResource *program = manifest->host_resources->pdata[0];
	g_autofree char *pin = NULL, *content = NULL;

	assert_true(vks_pins_wants(program));
	assert_null(vks_pins_find(vks->store_dir, program));
	prune(vks, 2);
	prune(vks, 0);
	pin = vks_pins_find(vks->store_dir, program);
	assert_non_null(pin);
	assert_true(g_file_get_contents(pin, &content, NULL, NULL));
	assert_string_equal(content, "content of file 0\n");
	assert_int_equal(count_entries(state, "state/vksession/pins/.by-file"), 2);
	/* Two copies and the directory of links. */
	assert_int_equal(count_entries(state, "state/vksession/pins"), 3);
}

/* A file that is replaced between the save and the copy is not taken for the one of the save. */
static void test_too_late(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(VksThawReport) report = NULL;

	replace(state, PROGRAM, "another program\n");
	prune(vks, 1);
	report = vks_thaw_preview(vks, "s", 0, NULL);
	assert_int_equal(report->files->len, 1);
	assert_change(state, report, PROGRAM, VKS_CHANGE_REPLACED);
	assert_false(find(state, report, PROGRAM)->pinned);
	assert_non_null(strstr(vks_file_change_meaning(find(state, report, PROGRAM)), "no copy"));
}

static void test_damaged_pin(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(VksManifest) manifest = manifest_of(state, 1);
	const VksHostResource *program = manifest->host_resources->pdata[0];
	g_autofree char *pin = NULL;

	prune(vks, 2);
	pin = vks_pins_find(vks->store_dir, program);
	assert_int_equal(chmod(pin, 0600), 0);
	sandbox_flip_bit(pin, 3);
	assert_null(vks_pins_find(vks->store_dir, program));
}

static void change_all(void **state)
{
	g_autofree char *changed = sandbox_path(state, "home/changed.txt");
	g_autofree char *deleted = sandbox_path(state, "home/deleted.txt");
	g_autofree char *moved = sandbox_path(state, "home/moved.txt");
	g_autofree char *elsewhere = sandbox_path(state, "home/elsewhere.txt");
	g_autofree char *unreadable = sandbox_path(state, "home/unreadable.txt");
	FILE *file = fopen(changed, "a");

	assert_non_null(file);
	fputs("more\n", file);
	fclose(file);
	replace(state, PROGRAM, "another program\n");
	replace(state, LIBRARY, "another library\n");
	replace(state, "home/replaced.txt", "another text\n");
	assert_int_equal(unlink(deleted), 0);
	assert_int_equal(rename(moved, elsewhere), 0);
	assert_int_equal(chmod(unreadable, 0), 0);
}

static void assert_all_changes(void **state, const VksThawReport *report)
{
	assert_int_equal(report->looked_at, G_N_ELEMENTS(guest_files));
	assert_change(state, report, PROGRAM, VKS_CHANGE_REPLACED);
	assert_change(state, report, LIBRARY, VKS_CHANGE_REPLACED);
	assert_change(state, report, "home/changed.txt", VKS_CHANGE_CHANGED);
	assert_change(state, report, "home/replaced.txt", VKS_CHANGE_REPLACED);
	assert_change(state, report, "home/deleted.txt", VKS_CHANGE_VANISHED);
	assert_change(state, report, "home/moved.txt", VKS_CHANGE_VANISHED);
	/* Nothing is unreadable to root. */
	if (geteuid() != 0)
		assert_change(state, report, "home/unreadable.txt", VKS_CHANGE_UNREADABLE);
	assert_null(find(state, report, "home/unchanged.txt"));
	assert_true(find(state, report, PROGRAM)->pinned);
	assert_true(find(state, report, LIBRARY)->pinned);
	assert_false(find(state, report, "home/changed.txt")->pinned);
}

static void test_report(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(VksThawReport) preview = NULL;
	g_autoptr(VksThawReport) report = NULL;
	g_autoptr(GError) error = NULL;

	assert_null(vks_thaw_report(vks, "s", &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	prune(vks, 2);
	change_all(state);
	preview = vks_thaw_preview(vks, "s", 0, NULL);
	assert_all_changes(state, preview);
	assert_int_equal(preview->thawed_us, 0);
	thaw(vks);
	report = vks_thaw_report(vks, "s", NULL);
	assert_all_changes(state, report);
	assert_true(report->thawed_us > 0);
	assert_int_equal(report->save, 1);
	/* What the vkernel is offered: a link for each pin that is needed. */
	assert_int_equal(count_entries(state, "run/vksession/s/pins"), 2);
}

static void test_unchanged(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(VksThawReport) report = NULL;

	prune(vks, 2);
	thaw(vks);
	report = vks_thaw_report(vks, "s", NULL);
	assert_int_equal(report->files->len, 0);
	assert_file(state, "run/vksession/s/pins", FALSE);
}

/* Copies go with the last save that needs them. */
static void test_collected(void **state)
{
	g_autoptr(Vks) vks = saved_session(state);
	g_autoptr(GError) error = NULL;

	prune(vks, 2);
	assert_true(vks_drop(vks, "s", 0, &error));
	assert_int_equal(count_entries(state, "state/vksession/pins/.by-file"), 0);
	assert_int_equal(count_entries(state, "state/vksession/pins"), 1);
}

static void test_kernel_report(void **state)
{
	static const char text[] = "thaw-report 1\n"
				   "lost pd /home/a\\040b\n"
				   "pinned x /usr/bin/x\n"
				   "nonsense - /y\n"
				   "changed\n"
				   "readonly w relative\n"
				   "end listed=2 unchanged=3\n";
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	g_autoptr(VksThawReport) report = NULL;
	VksHostResource *resource;
	const VksFileChange *change;

	resource = vks_manifest_add_resource(manifest, "file", "/usr/bin/x", 1, 1, 1);
	resource->use = VKS_USE_EXECUTABLE;
	report = vks_changes_look("/nonexistent", manifest);
	assert_int_equal(report->files->len, 1);
	vks_changes_merge(report, text);
	assert_int_equal(report->files->len, 2);
	change = report->files->pdata[0];
	assert_string_equal(change->state, VKS_CHANGE_VANISHED);
	assert_true(change->pinned);
	change = report->files->pdata[1];
	assert_string_equal(change->path, "/home/a b");
	assert_string_equal(change->state, "lost");
	assert_int_equal(change->use, VKS_USE_PRIVATE | VKS_USE_DIRTY);
	vks_changes_merge(report, "thaw-report 2\nlost - /z\n");
	assert_int_equal(report->files->len, 2);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_pins_are_made_once), IN_SANDBOX(test_too_late),
		IN_SANDBOX(test_damaged_pin),	     IN_SANDBOX(test_report),
		IN_SANDBOX(test_unchanged),	     IN_SANDBOX(test_collected),
		IN_SANDBOX(test_kernel_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
