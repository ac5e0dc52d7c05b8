/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event-table.h"

#include <string.h>

#define GROUP	  "events"
#define KEY_LOGIN "login"

static const struct {
	const char *name;
	enum power_action action;
} actions[] = {
	{ "nothing", POWER_NOTHING },
	{ "save", POWER_SAVE },
	{ "save-stop", POWER_SAVE_STOP },
};

void event_table_init(struct event_table *table)
{
	*table = (struct event_table){
		.actions = {
			[POWER_SHUTDOWN] = POWER_SAVE_STOP,
			[POWER_SLEEP] = POWER_SAVE,
			[POWER_LID_CLOSED] = POWER_SAVE,
			[POWER_BATTERY_LOW] = POWER_SAVE,
			[POWER_BATTERY_CRITICAL] = POWER_SAVE,
			[POWER_BATTERY_ACTION] = POWER_SAVE,
			[POWER_LOGOUT] = POWER_SAVE_STOP,
			[POWER_SESSION_END] = POWER_SAVE_STOP,
		},
		.restore = TRUE,
	};
}

static gboolean read_action(enum power_action *action, const char *value, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(value, actions[i].name) == 0) {
			*action = actions[i].action;
			return TRUE;
		}
	}
	g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
		    "\"%s\" is none of nothing, save, save-stop", value);
	return FALSE;
}

static gboolean read_login(gboolean *restore, const char *value, GError **error)
{
	*restore = strcmp(value, "restore") == 0;
	if (*restore || strcmp(value, "nothing") == 0)
		return TRUE;
	g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
		    "\"%s\" is none of nothing, restore", value);
	return FALSE;
}

static gboolean read_line(struct event_table *table, const char *event, const char *value,
			  GError **error)
{
	if (strcmp(event, KEY_LOGIN) == 0)
		return read_login(&table->restore, value, error);
	for (int occasion = 0; occasion < POWER_OCCASIONS; occasion++) {
		if (strcmp(event, power_event_name((enum power_event)occasion)) == 0)
			return read_action(&table->actions[occasion], value, error);
	}
	g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
		    "there is no such event");
	return FALSE;
}

static gboolean read_lines(struct event_table *table, GKeyFile *file, GError **error)
{
	g_auto(GStrv) events = g_key_file_get_keys(file, GROUP, NULL, error);

	for (gsize i = 0; events && events[i]; i++) {
		g_autofree char *value = g_key_file_get_string(file, GROUP, events[i], error);

		if (!value)
			return FALSE;
		if (!read_line(table, events[i], g_strstrip(value), error)) {
			g_prefix_error(error, "%s: ", events[i]);
			return FALSE;
		}
	}
	return events != NULL;
}

gboolean event_table_read(struct event_table *table, const char *path, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;
	struct event_table changed = *table;

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause) &&
	    read_lines(&changed, file, &cause)) {
		*table = changed;
		return TRUE;
	}
	if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return TRUE;
	g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", path);
	return FALSE;
}

static void read_or_warn(struct event_table *table, const char *directory,
			 void (*warn)(const char *text))
{
	g_autofree char *path = g_build_filename(directory, "vksession", "power.conf", NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (event_table_read(table, path, &error))
		return;
	text = g_strdup_printf("%s; the file is left out", error->message);
	warn(text);
}

void event_table_load(struct event_table *table, void (*warn)(const char *text))
{
	const char *const *directories = g_get_system_config_dirs();
	gsize count = 0;

	event_table_init(table);
	read_or_warn(table, VKSESSION_DATADIR, warn);
	while (directories[count])
		count++;
	while (count > 0)
		read_or_warn(table, directories[--count], warn);
	read_or_warn(table, g_get_user_config_dir(), warn);
}
