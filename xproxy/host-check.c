/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs are looked for as files. Python modules are looked for in the places of Debian's
 * python3, without starting it: that would cost more than all the rest of `doctor`.
 */
#include <X11/Xlib.h>
#include <glib/gstdio.h>

#include "xproxy/xproxy.h"

/* A session moves on to other displays; what it takes of memory grows with what is drawn only. */
#define LEAST_SCREEN_WIDTH  3840
#define LEAST_SCREEN_HEIGHT 2160

static const struct {
	const char *pattern; /* path; a directory and a prefix of names if it ends in '*' */
	const char *problem;
} needs[] = {
	{ "/usr/bin/xpra", "xpra is not installed; apt install xpra" },
	{ "/usr/bin/python3", "python3 is not installed; apt install python3" },
	{ "/usr/bin/Xvfb", "Xvfb is not installed; apt install xvfb" },
	{ "/usr/bin/xkbcomp", "xkbcomp is not installed; apt install x11-xkb-utils" },
	{ "/usr/lib/python3/dist-packages/PIL",
	  "Python module PIL is not installed; apt install python3-pil" },
	{ "/usr/lib/python3/dist-packages/lz4",
	  "Python module lz4 is not installed; apt install python3-lz4" },
	{ "/usr/lib/python3/dist-packages/rencode",
	  "Python module rencode is not installed; apt install python3-rencode" },
	{ "/usr/lib/python3/dist-packages/dbus",
	  "Python module dbus is not installed; apt install python3-dbus" },
	{ "/usr/lib/python3/dist-packages/gi/_gi_cairo.*",
	  "Python's bindings for cairo are not installed; apt install python3-gi-cairo" },
	{ "/usr/lib/x86_64-linux-gnu/girepository-1.0/Gtk-3.0.typelib",
	  "GTK's introspection data is not installed; apt install gir1.2-gtk-3.0" },
};

static gboolean has_prefixed(const char *pattern)
{
	g_autofree char *dir_path = g_path_get_dirname(pattern);
	g_autofree char *prefix = g_path_get_basename(pattern);
	g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
	const char *name;

	prefix[strlen(prefix) - 1] = '\0';
	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, prefix))
			return TRUE;
	return FALSE;
}

GPtrArray *xp_check_host(void)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);

	for (gsize i = 0; i < G_N_ELEMENTS(needs); i++) {
		const char *pattern = needs[i].pattern;

		if (g_str_has_suffix(pattern, "*") ? !has_prefixed(pattern)
						   : g_access(pattern, F_OK) < 0)
			g_ptr_array_add(problems, g_strdup(needs[i].problem));
	}
	return problems;
}

gboolean xp_display_size(const char *display, guint *width, guint *height, GError **error)
{
	Display *connection = XOpenDisplay(display);

	if (!connection) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "can't open X display %s",
			    XDisplayName(display));
		return FALSE;
	}
	*width = (guint)DisplayWidth(connection, DefaultScreen(connection));
	*height = (guint)DisplayHeight(connection, DefaultScreen(connection));
	XCloseDisplay(connection);
	return TRUE;
}

char **xp_guest_environment(const char *display)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	guint width, height;

	if (xp_display_size(display, &width, &height, NULL)) {
		g_autofree char *mode = g_strdup_printf("VKSESSION_MODE=%ux%u", width, height);
		g_autofree char *screen = g_strdup_printf("VKSESSION_SCREEN=%ux%u",
							  MAX(width, LEAST_SCREEN_WIDTH),
							  MAX(height, LEAST_SCREEN_HEIGHT));

		g_strv_builder_add_many(builder, mode, screen, NULL);
	}
	return g_strv_builder_end(builder);
}
