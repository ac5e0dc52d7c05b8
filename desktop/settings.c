/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/settings.h"

#include <errno.h>
#include <glib/gstdio.h>

#define AUTOSTART_FILE "vksession-tray.desktop"

static const char *const keys[] = { [SETTING_PROGRESS] = "progress", [SETTING_REPORTS] = "reports" };

static char *config_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "vksession", "desktop.conf", NULL);
}

/* A file of the user's with this name takes the place of the system's; see the Desktop Application
 * Autostart Specification. */
static char *autostart_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "autostart", AUTOSTART_FILE, NULL);
}

static gboolean write_file(const char *path, GKeyFile *file, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);

	if (g_mkdir_with_parents(dir, 0700) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", dir,
			    g_strerror(errno));
		return FALSE;
	}
	return g_key_file_save_to_file(file, path, error);
}

static gboolean autostart_get(void)
{
	g_autofree char *path = autostart_path();
	g_autoptr(GKeyFile) file = g_key_file_new();

	return !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) ||
	       !g_key_file_get_boolean(file, G_KEY_FILE_DESKTOP_GROUP,
				       G_KEY_FILE_DESKTOP_KEY_HIDDEN, NULL);
}

static gboolean autostart_set(gboolean value, GError **error)
{
	g_autofree char *path = autostart_path();
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (value) {
		if (g_unlink(path) == 0 || errno == ENOENT)
			return TRUE;
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, G_KEY_FILE_DESKTOP_KEY_TYPE,
			      G_KEY_FILE_DESKTOP_TYPE_APPLICATION);
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, G_KEY_FILE_DESKTOP_KEY_NAME,
			      "vksession");
	g_key_file_set_boolean(file, G_KEY_FILE_DESKTOP_GROUP, G_KEY_FILE_DESKTOP_KEY_HIDDEN, TRUE);
	return write_file(path, file, error);
}

gboolean settings_get(Setting setting)
{
	g_autofree char *path = config_path();
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) error = NULL;
	gboolean value;

	if (setting == SETTING_AUTOSTART)
		return autostart_get();
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return TRUE;
	value = g_key_file_get_boolean(file, "desktop", keys[setting], &error);
	return error ? TRUE : value;
}

gboolean settings_set(Setting setting, gboolean value, GError **error)
{
	g_autofree char *path = config_path();
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (setting == SETTING_AUTOSTART)
		return autostart_set(value, error);
	g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
	g_key_file_set_boolean(file, "desktop", keys[setting], value);
	return write_file(path, file, error);
}
