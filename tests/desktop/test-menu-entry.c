/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries in the menu are made, found, and undone without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>

#include "desktop/menu-entry.h"

static const char editor_entry[] = "[Desktop Entry]\n"
				   "Type=Application\n"
				   "Name=Editor\n"
				   "Name[de]=Schreiber\n"
				   "Exec=/bin/cat %U\n"
				   "TryExec=/bin/cat\n"
				   "DBusActivatable=true\n"
				   "StartupNotify=true\n"
				   "Actions=new;\n"
				   "\n"
				   "[Desktop Action new]\n"
				   "Name=New window\n"
				   "Exec=/bin/cat --new\n";

static char *home, *entry;

static void add_editor(const char *session)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = menu_entry_add("some.Editor", session, "vksession", &error);

	if (!path)
		fail_msg("%s", error->message);
	assert_string_equal(path, entry);
}

static void assert_value(const char *group, const char *key, const char *wanted)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *value = NULL;

	assert_true(g_key_file_load_from_file(file, entry, G_KEY_FILE_KEEP_TRANSLATIONS, NULL));
	value = g_key_file_get_string(file, group, key, NULL);
	if (wanted)
		assert_string_equal(value, wanted);
	else
		assert_null(value);
}

static void remove_editor(void)
{
	g_autoptr(GError) error = NULL;

	if (!menu_entry_remove("some.Editor", &error))
		fail_msg("%s", error->message);
	assert_false(g_file_test(entry, G_FILE_TEST_EXISTS));
}

static void test_add_and_remove(void **state)
{
	g_auto(GStrv) names = NULL, none = NULL;

	add_editor(NULL);
	assert_value("Desktop Entry", "Exec", "vksession run -s some.Editor -- /bin/cat %U");
	assert_value("Desktop Action new", "Exec",
		     "vksession run -s some.Editor -- /bin/cat --new");
	assert_value("Desktop Entry", "Name", "Editor (persistent)");
	assert_value("Desktop Entry", "Name[de]", "Schreiber (persistent)");
	/* These would go around the session. */
	assert_value("Desktop Entry", "DBusActivatable", NULL);
	assert_value("Desktop Entry", "StartupNotify", NULL);
	names = menu_entry_list();
	assert_int_equal(g_strv_length(names), 1);
	assert_string_equal(names[0], "some.Editor");
	remove_editor();
	none = menu_entry_list();
	assert_int_equal(g_strv_length(none), 0);
}

static void test_session_of_choice(void **state)
{
	add_editor("work");
	assert_value("Desktop Entry", "Exec", "vksession run -s work -- /bin/cat %U");
	remove_editor();
}

static void test_twice(void **state)
{
	g_autoptr(GError) error = NULL;

	add_editor(NULL);
	assert_null(menu_entry_add("some.Editor", NULL, "vksession", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_EXISTS));
	remove_editor();
}

static void test_unknown_program(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(menu_entry_add("no-such-program", NULL, "vksession", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
}

/* A program with an entry for its settings too, as Mousepad has. */
static void test_plainest_entry(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = menu_entry_add("true", NULL, "vksession", &error), *text = NULL;

	if (!path)
		fail_msg("%s", error->message);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_non_null(strstr(text, "\nExec=vksession run -s true -- /bin/true %U\n"));
	assert_true(menu_entry_remove("true", &error));
}

/* A file that somebody else made under the same name stays. */
static void test_not_ours(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_true(g_file_set_contents(entry, editor_entry, -1, NULL));
	assert_false(menu_entry_remove("some.Editor", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
	assert_true(g_file_test(entry, G_FILE_TEST_EXISTS));
	assert_int_equal(g_unlink(entry), 0);
}

static void install_entry(const char *applications, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(applications, name, NULL);

	g_file_set_contents(path, text, -1, NULL);
}

static void install_command(const char *applications, const char *name, const char *command)
{
	g_autofree char *text = g_strdup_printf(
		"[Desktop Entry]\nType=Application\nName=Of a command\nExec=%s\n", command);

	install_entry(applications, name, text);
}

static void make_home(void)
{
	g_autofree char *system = NULL, *applications = NULL, *own = NULL;

	home = g_dir_make_tmp("menu-XXXXXX", NULL);
	system = g_build_filename(home, "system", NULL);
	own = g_build_filename(home, "own", NULL);
	applications = g_build_filename(system, "applications", NULL);
	g_mkdir_with_parents(applications, 0700);
	install_entry(applications, "some.Editor.desktop", editor_entry);
	install_command(applications, "a.settings.desktop", "/bin/true --preferences");
	install_command(applications, "b.plain.desktop", "/bin/true %U");
	install_command(applications, "c.settings.desktop", "/bin/true --about %U");
	g_setenv("XDG_DATA_DIRS", system, TRUE);
	g_setenv("XDG_DATA_HOME", own, TRUE);
	entry = g_build_filename(own, "applications", "vksession-some.Editor.desktop", NULL);
}

static void remove_home(void)
{
	g_autofree char *quoted = g_shell_quote(home);
	g_autofree char *command = g_strdup_printf("rm -rf %s", quoted);

	g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
	g_free(home);
	g_free(entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_remove), cmocka_unit_test(test_session_of_choice),
		cmocka_unit_test(test_twice),	       cmocka_unit_test(test_unknown_program),
		cmocka_unit_test(test_plainest_entry), cmocka_unit_test(test_not_ours),
	};
	int status;

	make_home();
	status = cmocka_run_group_tests(tests, NULL, NULL);
	remove_home();
	return status;
}
