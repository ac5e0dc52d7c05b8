/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/error.h"

static void set_directory(const char *variable, const char *sandbox, const char *name, int mode)
{
	g_autofree char *path = g_build_filename(sandbox, name, NULL);

	assert_int_equal(mkdir(path, (mode_t)mode), 0);
	g_setenv(variable, path, TRUE);
}

int sandbox_setup(void **state)
{
	char *sandbox = g_dir_make_tmp("vks-XXXXXX", NULL);

	assert_non_null(sandbox);
	set_directory("HOME", sandbox, "home", 0755);
	set_directory("XDG_STATE_HOME", sandbox, "state", 0755);
	set_directory("XDG_CONFIG_HOME", sandbox, "config", 0755);
	set_directory("XDG_RUNTIME_DIR", sandbox, "run", 0700);
	set_directory("VKSESSION_LIBEXECDIR", sandbox, "libexec", 0755);
	g_unsetenv("VKS_FAKE_FAIL");
	g_unsetenv("VKS_FAKE_MEMORY");
	*state = sandbox;
	sandbox_write(state, "libexec/vkernel", "the kernel\n");
	return 0;
}

int sandbox_teardown(void **state)
{
	char *sandbox = *state;

	vks_tree_remove(sandbox, NULL);
	g_free(sandbox);
	return 0;
}

char *sandbox_path(void **state, const char *relative)
{
	return g_build_filename(*state, relative, NULL);
}

void sandbox_write(void **state, const char *relative, const char *text)
{
	g_autofree char *path = sandbox_path(state, relative);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(chmod(path, 0700), 0);
}

char *sandbox_read(void **state, const char *relative)
{
	g_autofree char *path = sandbox_path(state, relative);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

void sandbox_flip_bit(const char *path, guint64 bit)
{
	autofd fd = open(path, O_RDWR | O_CLOEXEC);
	off_t offset = (off_t)(bit / 8);
	guint8 byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= (guint8)(1u << (bit % 8));
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
}

void assert_vks_error(GError **error, int code)
{
	guint parts = 1;

	assert_non_null(*error);
	if ((*error)->domain != VKS_ERROR || (*error)->code != code)
		fail_msg("expected error %d, got %d: %s", code, (*error)->code, (*error)->message);
	for (const char *at = strstr((*error)->message, "; "); at; at = strstr(at + 1, "; "))
		parts++;
	if (parts != 3 || strchr((*error)->message, '\n'))
		fail_msg("message has %u parts: %s", parts, (*error)->message);
	g_clear_error(error);
}
