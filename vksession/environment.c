/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/environment.h"

#include <string.h>

/* A list of what goes in, not of what stays out: an unknown variable may hold a secret or a path. */
static const char *const passed[] = {
	"PATH",
	"TERM",
	"COLORTERM",
	"EDITOR",
	"VISUAL",
	"PAGER",
	"BROWSER",
	"TZ",
	"LANG",
	"LANGUAGE",
	"XDG_CONFIG_HOME",
	"XDG_DATA_HOME",
	"XDG_CACHE_HOME",
	"XDG_STATE_HOME",
	"XDG_CONFIG_DIRS",
	"XDG_DATA_DIRS",
	"XDG_CURRENT_DESKTOP",
	"GTK_THEME",
	"QT_STYLE_OVERRIDE",
	"NO_COLOR",
};

static const char *const passed_prefixes[] = { "LC_" };

/* What differs between two desktops of a user: whoever starts a viewer may belong to another one. */
static const char *const of_desktop[] = {
	"XAUTHORITY",	  "DBUS_SESSION_BUS_ADDRESS",
	"LANG",		  "LANGUAGE",
	"GTK_THEME",	  "GTK_IM_MODULE",
	"GDK_SCALE",	  "GDK_DPI_SCALE",
	"XMODIFIERS",	  "XCURSOR_THEME",
	"XCURSOR_SIZE",	  "XDG_CURRENT_DESKTOP",
	"XDG_SESSION_ID",
};

/* Directories of which the guest has its own. */
static const char *const guest_private[] = { "/tmp",	 "/var/tmp", "/run", "/var/run",
					     "/dev/shm", "/proc",    "/sys" };

static gboolean is_passed(const char *variable)
{
	const char *equals = strchr(variable, '=');
	gsize length = equals ? (gsize)(equals - variable) : 0;

	if (length == 0)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(passed); i++) {
		if (strlen(passed[i]) == length && strncmp(variable, passed[i], length) == 0)
			return TRUE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(passed_prefixes); i++) {
		if (g_str_has_prefix(variable, passed_prefixes[i]))
			return TRUE;
	}
	return FALSE;
}

char **vks_environment_filter(const char *const *environment)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (; environment && *environment; environment++) {
		if (is_passed(*environment))
			g_ptr_array_add(list, g_strdup(*environment));
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

char **vks_environment_of_viewer(const char *const *environment)
{
	char **surroundings = g_get_environ();

	for (gsize i = 0; environment && i < G_N_ELEMENTS(of_desktop); i++) {
		const char *value = g_environ_getenv((char **)environment, of_desktop[i]);

		surroundings = value ? g_environ_setenv(surroundings, of_desktop[i], value, TRUE)
				     : g_environ_unsetenv(surroundings, of_desktop[i]);
	}
	return surroundings;
}

char **vks_environment_of_desktop(void)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (gsize i = 0; i < G_N_ELEMENTS(of_desktop); i++) {
		const char *value = g_getenv(of_desktop[i]);
		g_autofree char *variable = value ? g_strconcat(of_desktop[i], "=", value, NULL)
						  : NULL;

		if (variable && g_utf8_validate(variable, -1, NULL))
			g_strv_builder_add(builder, variable);
	}
	return g_strv_builder_end(builder);
}

const char *vks_guest_cwd(const char *cwd, const char *home)
{
	if (!cwd || *cwd != '/')
		return home;
	/* A home below such a place is passed through all the same. */
	if (g_str_has_prefix(cwd, home) && (cwd[strlen(home)] == '/' || cwd[strlen(home)] == '\0'))
		return cwd;
	for (gsize i = 0; i < G_N_ELEMENTS(guest_private); i++) {
		gsize length = strlen(guest_private[i]);

		if (strncmp(cwd, guest_private[i], length) == 0 &&
		    (cwd[length] == '/' || cwd[length] == '\0'))
			return home;
	}
	return cwd;
}
