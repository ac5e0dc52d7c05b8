/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <json-glib/json-glib.h>

#include "xproxy/json-file.h"
#include "xproxy/layout.h"

#define LAYOUT_VERSION 1

static void place_free(XpPlace *place)
{
	g_free(place->wm_class);
	g_free(place->title);
	g_free(place);
}

XpLayout *xp_layout_new(void)
{
	XpLayout *layout = g_new0(XpLayout, 1);

	layout->places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
	return layout;
}

void xp_layout_free(XpLayout *layout)
{
	if (!layout)
		return;
	g_ptr_array_unref(layout->places);
	g_free(layout);
}

static XpPlace *read_place(JsonObject *object)
{
	XpPlace *place = g_new0(XpPlace, 1);

	place->guest_xid = (guint64)json_object_get_int_member_with_default(object, "guest_xid", 0);
	place->wm_class =
		g_strdup(json_object_get_string_member_with_default(object, "wm_class", ""));
	place->title = g_strdup(json_object_get_string_member_with_default(object, "title", ""));
	place->x = (int)json_object_get_int_member_with_default(object, "x", 0);
	place->y = (int)json_object_get_int_member_with_default(object, "y", 0);
	place->width = (int)json_object_get_int_member_with_default(object, "width", 0);
	place->height = (int)json_object_get_int_member_with_default(object, "height", 0);
	place->workspace = (int)json_object_get_int_member_with_default(object, "workspace",
									XP_WORKSPACE_UNKNOWN);
	return place;
}

XpLayout *xp_layout_read(const char *path, GError **error)
{
	g_autoptr(XpLayout) layout = xp_layout_new();
	g_autoptr(JsonNode) root = xp_json_read(path, LAYOUT_VERSION, error);
	g_autoptr(GList) elements = NULL;
	JsonArray *windows;

	if (!root)
		return NULL;
	windows = xp_json_array(root, "windows");
	elements = windows ? json_array_get_elements(windows) : NULL;
	for (GList *l = elements; l; l = l->next) {
		if (!JSON_NODE_HOLDS_OBJECT(l->data)) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "%s: a window is not an object", path);
			return NULL;
		}
		g_ptr_array_add(layout->places, read_place(json_node_get_object(l->data)));
	}
	return g_steal_pointer(&layout);
}

static void build_place(JsonBuilder *builder, const XpPlace *place)
{
	json_builder_begin_object(builder);
	xp_json_add_int(builder, "guest_xid", (gint64)place->guest_xid);
	xp_json_add_string(builder, "wm_class", place->wm_class);
	xp_json_add_string(builder, "title", place->title);
	xp_json_add_int(builder, "x", place->x);
	xp_json_add_int(builder, "y", place->y);
	xp_json_add_int(builder, "width", place->width);
	xp_json_add_int(builder, "height", place->height);
	xp_json_add_int(builder, "workspace", place->workspace);
	json_builder_end_object(builder);
}

gboolean xp_layout_write(const XpLayout *layout, const char *path, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(builder);
	xp_json_add_int(builder, "version", LAYOUT_VERSION);
	json_builder_set_member_name(builder, "windows");
	json_builder_begin_array(builder);
	for (guint i = 0; i < layout->places->len; i++)
		build_place(builder, layout->places->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return xp_json_write(root, path, error);
}

/* How well a place fits a window; 0: not at all. */
static int fitness(const XpPlace *place, const XpWindow *window)
{
	if (place->taken || g_strcmp0(place->wm_class, window->wm_class))
		return 0;
	if (place->guest_xid == window->guest_xid)
		return 3;
	return g_strcmp0(place->title, window->title) ? 1 : 2;
}

XpPlace *xp_layout_take(XpLayout *layout, const XpWindow *window)
{
	XpPlace *best = NULL;
	int best_fitness = 0;

	for (guint i = 0; i < layout->places->len; i++) {
		XpPlace *place = layout->places->pdata[i];
		int fits = fitness(place, window);

		if (fits > best_fitness) {
			best = place;
			best_fitness = fits;
		}
	}
	if (best)
		best->taken = TRUE;
	return best;
}

static XpPlace *find_by_guest_xid(const XpLayout *layout, guint64 guest_xid)
{
	for (guint i = 0; i < layout->places->len; i++) {
		XpPlace *place = layout->places->pdata[i];

		if (place->guest_xid == guest_xid)
			return place;
	}
	return NULL;
}

gboolean xp_layout_has(const XpLayout *layout, guint64 guest_xid)
{
	return find_by_guest_xid(layout, guest_xid) != NULL;
}

static gboolean place_equals(const XpPlace *place, const XpWindow *window)
{
	return place->x == window->x && place->y == window->y && place->width == window->width &&
	       place->height == window->height && place->workspace == window->workspace &&
	       !g_strcmp0(place->title, window->title) &&
	       !g_strcmp0(place->wm_class, window->wm_class);
}

gboolean xp_layout_update(XpLayout *layout, const XpWindow *window)
{
	XpPlace *place = find_by_guest_xid(layout, window->guest_xid);

	if (!place) {
		place = g_new0(XpPlace, 1);
		place->guest_xid = window->guest_xid;
		g_ptr_array_add(layout->places, place);
	} else if (place_equals(place, window)) {
		return FALSE;
	}
	g_free(place->wm_class);
	place->wm_class = g_strdup(window->wm_class);
	g_free(place->title);
	place->title = g_strdup(window->title);
	place->x = window->x;
	place->y = window->y;
	place->width = window->width;
	place->height = window->height;
	place->workspace = window->workspace;
	return TRUE;
}

gboolean xp_layout_remove(XpLayout *layout, guint64 guest_xid)
{
	XpPlace *place = find_by_guest_xid(layout, guest_xid);

	return place && g_ptr_array_remove(layout->places, place);
}

static gboolean is_among(guint64 guest_xid, const GPtrArray *windows)
{
	for (guint i = 0; i < windows->len; i++)
		if (((const XpWindow *)windows->pdata[i])->guest_xid == guest_xid)
			return TRUE;
	return FALSE;
}

gboolean xp_layout_retain(XpLayout *layout, const GPtrArray *windows)
{
	guint before = layout->places->len;

	for (guint i = before; i-- > 0;) {
		XpPlace *place = layout->places->pdata[i];

		if (!is_among(place->guest_xid, windows))
			g_ptr_array_remove_index(layout->places, i);
	}
	return layout->places->len != before;
}
