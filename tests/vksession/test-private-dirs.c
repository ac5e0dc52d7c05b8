/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One sandbox for all, as the home of a process is looked up once. */
#include "operations.h"

#include <unistd.h>

#include "vksession/private-dirs.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

static void make(void **state)
{
	g_autofree char *link = sandbox_path(state, "home/link");

	sandbox_write(state, "home/a/file", "content");
	sandbox_write(state, "home/a-b/file", "content");
	sandbox_write(state, "home/a/b/file", "content");
	sandbox_write(state, "outside/file", "content");
	assert_true(symlink("a-b", link) == 0 || errno == EEXIST);
}

static void assert_refused(void **state, int code, guint64 memory, const char *first,
			   const char *second)
{
	const char *const names[] = { first, second, NULL };
	g_autofree char *home = sandbox_path(state, "home");
	g_autoptr(GError) error = NULL;

	assert_null(vks_private_dirs_find(names, home, memory, &error));
	assert_vks_error(&error, code);
}

static void test_found_sorted_and_once(void **state)
{
	const char *const names[] = { "link", "a/b", "a-b/", "./a/../a/b", NULL };
	g_autofree char *home = sandbox_path(state, "home");
	g_autofree char *first = sandbox_path(state, "home/a-b");
	g_autofree char *second = sandbox_path(state, "home/a/b");
	g_auto(GStrv) found = NULL;
	g_auto(GStrv) none = NULL;

	make(state);
	found = vks_private_dirs_find(names, home, 64 * MIB, NULL);
	assert_int_equal(g_strv_length(found), 2);
	assert_string_equal(found[0], first);
	assert_string_equal(found[1], second);
	none = vks_private_dirs_find(NULL, home, 64 * MIB, NULL);
	assert_int_equal(g_strv_length(none), 0);
}

static void test_refused(void **state)
{
	make(state);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "none", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "a/file", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, ".", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "..", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "../outside", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "/", NULL);
	assert_refused(state, VKS_ERROR_USAGE, 64 * MIB, "a/b", "a");
	/* The content of "a" has several blocks on any disk. */
	assert_refused(state, VKS_ERROR_NO_SPACE, 4096, "a", NULL);
}

static void assert_saved_with(Vks *vks, const char *name, const char *dir)
{
	g_autoptr(VksManifest) manifest = load_save(vks, name, 1);

	assert_int_equal(g_strv_length(manifest->private_dirs), 1);
	assert_string_equal(manifest->private_dirs[0], dir);
}

static void test_kept_by_the_session(void **state)
{
	static const char *const argv[] = { "xterm", NULL };
	const char *const names[] = { "a", NULL };
	const char *const missing[] = { "none", NULL };
	g_autofree char *home = sandbox_path(state, "home");
	g_autofree char *dir = sandbox_path(state, "home/a");
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = {
		.name = "s", .argv = argv, .cwd = home, .detach = TRUE, .private_dirs = missing
	};
	g_autoptr(GError) error = NULL;
	g_autofree char *given = NULL;
	VksRunResult result;

	make(state);
	assert_false(vks_run(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_USAGE);
	assert_file(state, "state/vksession/s", FALSE);
	options.private_dirs = names;
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	assert_false(vks_run(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	/* Started anew without a save, it still has it. */
	assert_true(vks_stop(vks, "s", 0, NULL));
	options.private_dirs = NULL;
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	given = sandbox_read(state, "run/vksession/s/private");
	assert_string_equal(given, dir);
	save_session(vks, "s", TRUE);
	assert_saved_with(vks, "s", dir);
}

/* Under another name, with its save and, when that is gone, without. */
static void test_moves_with_the_session(void **state)
{
	static const char *const argv[] = { "xterm", NULL };
	const char *const names[] = { "a", NULL };
	g_autofree char *home = sandbox_path(state, "home");
	g_autofree char *dir = sandbox_path(state, "home/a");
	g_autoptr(Vks) vks = open_fake();
	VksRunOptions options = {
		.name = "from", .argv = argv, .cwd = home, .detach = TRUE, .private_dirs = names
	};
	g_autofree char *given = NULL;
	VksRunResult result;

	make(state);
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	save_session(vks, "from", TRUE);
	move_session(vks, "from", "moved");
	assert_saved_with(vks, "moved", dir);
	assert_true(vks_drop(vks, "moved", 1, NULL));
	options.name = "moved";
	options.private_dirs = NULL;
	assert_true(vks_run(vks, &options, NULL, &result, NULL));
	given = sandbox_read(state, "run/vksession/moved/private");
	assert_string_equal(given, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_sorted_and_once),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kept_by_the_session),
		cmocka_unit_test(test_moves_with_the_session),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
