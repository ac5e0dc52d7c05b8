/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/menu-entry.h"

#include <errno.h>
#include <gio/gdesktopappinfo.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define PREFIX	  "vksession-"
#define SUFFIX	  ".desktop"
#define MARK	  "X-Vksession-Program" /* tells our entries from others */
#define GROUP	  G_KEY_FILE_DESKTOP_GROUP
#define NAME_SIZE 32 /* of a session, with the NUL */

static char *entries_dir(void)
{
	return g_build_filename(g_get_user_data_dir(), "applications", NULL);
}

static char *entry_path(const char *program)
{
	g_autofree char *base = g_path_get_basename(program);
	g_autofree char *stem = g_str_has_suffix(base, SUFFIX)
					? g_strndup(base, strlen(base) - strlen(SUFFIX))
					: g_strdup(base);
	g_autofree char *file = g_strconcat(PREFIX, stem, SUFFIX, NULL);
	g_autofree char *dir = entries_dir();

	return g_build_filename(dir, file, NULL);
}

/* Words of a command besides the program and what the menu puts in for "%U". */
static guint count_options(GAppInfo *info)
{
	g_auto(GStrv) words = NULL;
	guint count = 0;

	if (!g_shell_parse_argv(g_app_info_get_commandline(info), NULL, &words, NULL))
		return G_MAXUINT;
	for (char **word = words + 1; *word; word++)
		count += **word != '%';
	return count;
}

static gboolean starts(GAppInfo *info, const char *program)
{
	const char *executable = g_app_info_get_executable(info);
	g_autofree char *base = executable ? g_path_get_basename(executable) : NULL;

	return g_strcmp0(base, program) == 0 && g_app_info_should_show(info);
}

/* Of several entries the plainest: the others are for a program's settings and the like. */
static GDesktopAppInfo *find_command(const char *program)
{
	GList *all = g_app_info_get_all();
	GAppInfo *best = NULL;
	GDesktopAppInfo *info;

	for (GList *l = all; l; l = l->next) {
		if (starts(l->data, program) &&
		    (!best || count_options(l->data) < count_options(best)))
			best = l->data;
	}
	info = best ? g_object_ref(G_DESKTOP_APP_INFO(best)) : NULL;
	g_list_free_full(all, g_object_unref);
	return info;
}

/* By the name of the entry, else by the command. */
static GDesktopAppInfo *find_program(const char *program)
{
	g_autofree char *id = g_str_has_suffix(program, SUFFIX)
				      ? g_strdup(program)
				      : g_strconcat(program, SUFFIX, NULL);
	GDesktopAppInfo *info = g_desktop_app_info_new(id);

	return info ? info : find_command(program);
}

/* A name that vksession takes, of the entry's. */
static char *session_name(const char *program)
{
	g_autofree char *base = g_path_get_basename(program);
	char *name;

	if (g_str_has_suffix(base, SUFFIX))
		base[strlen(base) - strlen(SUFFIX)] = '\0';
	name = g_strndup(base, NAME_SIZE - 1);
	g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '-');
	if (*name == '.' || *name == '-')
		*name = '_';
	return name;
}

/* Every action of an entry has a command of its own. */
static void wrap_commands(GKeyFile *file, const char *session, const char *vksession)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **group = groups; *group; group++) {
		g_autofree char *command =
			g_key_file_get_string(file, *group, G_KEY_FILE_DESKTOP_KEY_EXEC, NULL);
		g_autofree char *wrapped = NULL;

		if (!command)
			continue;
		wrapped = g_strdup_printf("%s run -s %s -- %s", vksession, session, command);
		g_key_file_set_string(file, *group, G_KEY_FILE_DESKTOP_KEY_EXEC, wrapped);
	}
}

/* "Firefox (persistent)", in every language that the entry has. */
static void rename_entry(GKeyFile *file)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP, NULL, NULL);

	for (char **key = keys; *key; key++) {
		g_autofree char *name = NULL, *longer = NULL;

		if (strcmp(*key, G_KEY_FILE_DESKTOP_KEY_NAME) != 0 &&
		    !g_str_has_prefix(*key, "Name["))
			continue;
		name = g_key_file_get_string(file, GROUP, *key, NULL);
		/* Translators: of a program in the menu, such as "Firefox (persistent)" */
		longer = g_strdup_printf(_("%s (persistent)"), name);
		g_key_file_set_string(file, GROUP, *key, longer);
	}
}

/*
 * What would go around the session: activation by D-Bus starts the program outside, and a start-up
 * notification would wait for a window that belongs to the viewer.
 */
static void drop_other_ways(GKeyFile *file)
{
	static const char *const keys[] = { G_KEY_FILE_DESKTOP_KEY_DBUS_ACTIVATABLE,
					    G_KEY_FILE_DESKTOP_KEY_STARTUP_NOTIFY,
					    G_KEY_FILE_DESKTOP_KEY_TRY_EXEC,
					    "X-GNOME-UsesNotifications" };

	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		g_key_file_remove_key(file, GROUP, keys[i], NULL);
}

static gboolean write_entry(GKeyFile *file, const char *path, GError **error)
{
	g_autofree char *dir = entries_dir();

	if (g_mkdir_with_parents(dir, 0755) < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", dir,
			    g_strerror(errno));
		return FALSE;
	}
	return g_key_file_save_to_file(file, path, error);
}

char *menu_entry_add(const char *program, const char *session, const char *vksession,
		     GError **error)
{
	g_autoptr(GDesktopAppInfo) info = find_program(program);
	g_autofree char *path = entry_path(program), *name = NULL;
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (!info) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    _("no program “%s” in the menu"), program);
		return NULL;
	}
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
			    _("“%s” has an entry already: %s"), program, path);
		return NULL;
	}
	if (!g_key_file_load_from_file(file, g_desktop_app_info_get_filename(info),
				       G_KEY_FILE_KEEP_TRANSLATIONS, error))
		return NULL;
	if (!g_key_file_has_key(file, GROUP, G_KEY_FILE_DESKTOP_KEY_EXEC, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    _("the entry of “%s” starts no program"), program);
		return NULL;
	}
	name = session ? g_strdup(session) : session_name(program);
	wrap_commands(file, name, vksession);
	rename_entry(file);
	drop_other_ways(file);
	g_key_file_set_string(file, GROUP, MARK, program);
	return write_entry(file, path, error) ? g_steal_pointer(&path) : NULL;
}

/* The program that an entry of ours was made for; NULL if it is none. */
static char *program_of(const char *path)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return NULL;
	return g_key_file_get_string(file, GROUP, MARK, NULL);
}

gboolean menu_entry_remove(const char *program, GError **error)
{
	g_autofree char *path = entry_path(program);
	g_autofree char *made_for = program_of(path);

	if (!made_for) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    _("“%s” has no entry that was made by vksession"), program);
		return FALSE;
	}
	if (g_unlink(path) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", path,
		    g_strerror(errno));
	return FALSE;
}

static int compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **menu_entry_list(void)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *dir_path = entries_dir();
	g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(dir_path, file, NULL);
		char *program = g_str_has_prefix(file, PREFIX) ? program_of(path) : NULL;

		if (program)
			g_ptr_array_add(names, program);
	}
	g_ptr_array_sort(names, compare_strings);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
