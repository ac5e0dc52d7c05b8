/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <sys/stat.h>
#include <unistd.h>

#include "vksession/durable.h"
#include "vksession/paths.h"

static void test_names(void **state)
{
	static const char *const good[] = {
		"default", "a", "A.b_c-9", "_x", "0", "12345678901234567890123456789012",
	};
	static const char *const bad[] = {
		"",
		"-x",
		".",
		"..",
		".hidden",
		"a/b",
		"a b",
		"a\nb",
		"\xc3\xa4",
		"a;b",
		"kernels",
		"pins",
		"123456789012345678901234567890123",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
		assert_true(vks_check_name(good[i], NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		assert_false(vks_check_name(bad[i], &error));
		if (g_strcmp0(bad[i], "a;b") != 0)
			assert_vks_error(&error, VKS_ERROR_USAGE);
	}
}

static guint mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_private_whatever_umask(void **state)
{
	static const mode_t umasks[] = { 0, 022, 077, 0777 };

	for (gsize i = 0; i < G_N_ELEMENTS(umasks); i++) {
		g_autofree char *state_home = g_strdup_printf("%s/s%zu", (char *)*state, i);
		mode_t before;
		Vks *vks;

		assert_int_equal(mkdir(state_home, 0700), 0);
		g_setenv("XDG_STATE_HOME", state_home, TRUE);
		before = umask(umasks[i]);
		vks = vks_open(NULL, NULL);
		umask(before);
		assert_non_null(vks);
		assert_int_equal(mode_of(vks->store_dir), 0700);
		assert_int_equal(mode_of(vks->runtime_dir), 0700);
		vks_close(vks);
	}
}

static void test_open_store_is_closed(void **state)
{
	g_autofree char *store = sandbox_path(state, "state/vksession");
	g_autoptr(Vks) vks = NULL;

	assert_int_equal(mkdir(store, 0700), 0);
	assert_int_equal(chmod(store, 0777), 0);
	vks = vks_open(NULL, NULL);
	assert_non_null(vks);
	assert_int_equal(mode_of(store), 0700);
}

static void test_store_is_a_link(void **state)
{
	g_autofree char *store = sandbox_path(state, "state/vksession");
	g_autoptr(GError) error = NULL;

	assert_int_equal(symlink("/var", store), 0);
	assert_null(vks_open(NULL, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
}

/* A directory that is not ours: root's for an ordinary user, an ordinary user's for root. */
static void test_foreign_directory(void **state)
{
	g_autofree char *given_away = sandbox_path(state, "elsewhere");
	const char *foreign = geteuid() == 0 ? given_away : "/usr";
	g_autoptr(GError) error = NULL;

	assert_int_equal(mkdir(given_away, 0700), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(given_away, 12345, 12345), 0);
	assert_false(vks_private_dir_ensure(foreign, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
}

/* One's own links are fine, root's are; only root can make one that is neither. */
static void test_links_on_the_way(void **state)
{
	g_autofree char *place = sandbox_path(state, "elsewhere");
	g_autofree char *link = sandbox_path(state, "link");
	g_autofree char *below = sandbox_path(state, "link/vksession");
	g_autoptr(GError) error = NULL;

	assert_int_equal(mkdir(place, 0755), 0);
	assert_int_equal(symlink("elsewhere", link), 0);
	g_setenv("XDG_STATE_HOME", link, TRUE);
	vks_close(vks_open(NULL, &error));
	assert_null(error);
	assert_true(vks_path_check_links("/proc/self/cwd/x", NULL));
	if (geteuid() != 0)
		return;
	assert_int_equal(lchown(link, 12345, 12345), 0);
	assert_false(vks_path_check_links(below, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));
	g_clear_error(&error);
	assert_null(vks_open(NULL, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
}

static void test_link_loop(void **state)
{
	g_autofree char *loop = sandbox_path(state, "loop");
	g_autofree char *below = sandbox_path(state, "loop/x");
	g_autoptr(GError) error = NULL;

	assert_int_equal(symlink("loop", loop), 0);
	assert_false(vks_path_check_links(below, &error));
	assert_non_null(error);
}

static void test_locations(void **state)
{
	g_autofree char *long_path = NULL;
	g_autofree char *name = g_strnfill(100, 'x');
	g_autoptr(GError) error = NULL;
	g_autofree char *store = NULL;

	g_setenv("XDG_STATE_HOME", "relative", TRUE);
	store = vks_store_location();
	assert_true(g_str_has_suffix(store, "/.local/state/vksession"));
	long_path = sandbox_path(state, name);
	g_setenv("XDG_RUNTIME_DIR", long_path, TRUE);
	assert_null(vks_open(NULL, &error));
	assert_vks_error(&error, VKS_ERROR_UNSUPPORTED);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		IN_SANDBOX(test_private_whatever_umask),
		IN_SANDBOX(test_open_store_is_closed),
		IN_SANDBOX(test_store_is_a_link),
		IN_SANDBOX(test_foreign_directory),
		IN_SANDBOX(test_links_on_the_way),
		IN_SANDBOX(test_link_loop),
		IN_SANDBOX(test_locations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
