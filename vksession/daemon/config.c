/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/config.h"

#include <string.h>

#define GROUP "autosave"

void config_init(Config *config)
{
	*config = (Config){
		.autosave = TRUE,
		.every_min = 10,
		.activity_ms = 100,
		.busy_percent = 25,
	};
}

static char *config_path(void)
{
	return g_build_filename(g_get_user_config_dir(), "vksession", "vksession.conf", NULL);
}

static gboolean parse_switch(const char *text, gboolean *value)
{
	static const char *const on[] = { "yes", "true", "on", "1", NULL };
	static const char *const off[] = { "no", "false", "off", "0", NULL };

	*value = g_strv_contains(on, text);
	return *value || g_strv_contains(off, text);
}

static gboolean parse_count(const char *text, guint min, guint max, guint *value)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL))
		return FALSE;
	*value = (guint)number;
	return TRUE;
}

static const struct {
	const char *key;
	gsize member;
	guint min, max; /* both 0: yes or no */
} keys[] = {
	{ "enabled", offsetof(Config, autosave), 0, 0 },
	{ "every", offsetof(Config, every_min), 1, 7 * 24 * 60 },
	{ "activity", offsetof(Config, activity_ms), 0, 3600 * 1000 },
	{ "busy", offsetof(Config, busy_percent), 1, 100 * 1024 },
};

static gboolean take_key(Config *config, const char *key, const char *text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		gpointer member = (char *)config + keys[i].member;

		if (strcmp(keys[i].key, key) == 0)
			return keys[i].max ? parse_count(text, keys[i].min, keys[i].max, member)
					   : parse_switch(text, member);
	}
	return FALSE;
}

static gboolean take_group(Config *config, GKeyFile *file, const char *path, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, GROUP, NULL, NULL);
	Config wanted = *config;

	for (char **name = names; name && *name; name++) {
		g_autofree char *text = g_key_file_get_string(file, GROUP, *name, NULL);

		if (text && take_key(&wanted, *name, g_strstrip(text)))
			continue;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s: [" GROUP "] %s can't be \"%s\"", path, *name, text ? text : "");
		return FALSE;
	}
	*config = wanted;
	return TRUE;
}

gboolean config_load(Config *config, GError **error)
{
	g_autofree char *path = config_path();
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause))
		return take_group(config, file, path, error);
	if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path, cause->message);
	return FALSE;
}
