/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/saves.h"

gsize desktop_saves_count(GVariant *saves)
{
	return saves ? g_variant_n_children(saves) : 0;
}

DesktopSave desktop_saves_get(GVariant *saves, gsize i)
{
	g_autoptr(GVariant) details = NULL;
	DesktopSave save = { .thumbnail = "" };
	guint64 time;

	g_variant_get_child(saves, i, "(utt&s@a{sv})", &save.number, &time, &save.disk_bytes,
			    &save.reason, &details);
	save.time_us = (gint64)time;
	g_variant_lookup(details, "thumbnail", "&s", &save.thumbnail);
	g_variant_lookup(details, "pause_us", "t", &save.pause_us);
	g_variant_lookup(details, "total_us", "t", &save.total_us);
	return save;
}
