/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xproxy/json-file.h"
#include "xproxy/status.h"

#define STATUS_VERSION 1

void xp_window_free(XpWindow *window)
{
	if (!window)
		return;
	g_free(window->title);
	g_free(window->wm_class);
	g_free(window);
}

XpViewerStatus *xp_status_new(void)
{
	XpViewerStatus *status = g_new0(XpViewerStatus, 1);

	status->windows = g_ptr_array_new_with_free_func((GDestroyNotify)xp_window_free);
	return status;
}

void xp_viewer_status_free(XpViewerStatus *status)
{
	if (!status)
		return;
	g_free(status->display);
	g_ptr_array_unref(status->windows);
	g_free(status);
}

static gint64 get_int(JsonObject *object, const char *name)
{
	return json_object_get_int_member_with_default(object, name, 0);
}

static char *get_string(JsonObject *object, const char *name)
{
	return g_strdup(json_object_get_string_member_with_default(object, name, ""));
}

static XpWindow *read_window(JsonObject *object)
{
	XpWindow *window = g_new0(XpWindow, 1);

	window->title = get_string(object, "title");
	window->wm_class = get_string(object, "wm_class");
	window->x = (int)get_int(object, "x");
	window->y = (int)get_int(object, "y");
	window->width = (int)get_int(object, "width");
	window->height = (int)get_int(object, "height");
	window->workspace = (int)json_object_get_int_member_with_default(object, "workspace",
									 XP_WORKSPACE_UNKNOWN);
	window->mapped = json_object_get_boolean_member_with_default(object, "mapped", FALSE);
	window->hidden = json_object_get_boolean_member_with_default(object, "hidden", FALSE);
	window->drawn = json_object_get_boolean_member_with_default(object, "drawn", FALSE);
	window->settled = json_object_get_boolean_member_with_default(object, "settled", FALSE);
	window->xid = (guint64)get_int(object, "xid");
	window->guest_xid = (guint64)get_int(object, "guest_xid");
	return window;
}

static gboolean read_windows(XpViewerStatus *status, JsonArray *windows)
{
	for (guint i = 0; windows && i < json_array_get_length(windows); i++) {
		JsonNode *node = json_array_get_element(windows, i);

		if (!JSON_NODE_HOLDS_OBJECT(node))
			return FALSE;
		g_ptr_array_add(status->windows, read_window(json_node_get_object(node)));
	}
	return TRUE;
}

XpViewerStatus *xp_status_read(const char *path, GError **error)
{
	g_autoptr(XpViewerStatus) status = xp_status_new();
	g_autoptr(JsonNode) root = xp_json_read(path, STATUS_VERSION, error);
	JsonObject *object;

	if (!root)
		return NULL;
	object = json_node_get_object(root);
	status->viewer_pid = (pid_t)get_int(object, "viewer_pid");
	status->client_pid = (pid_t)get_int(object, "client_pid");
	status->display = get_string(object, "display");
	status->started_us = get_int(object, "started_us");
	status->connected_us = get_int(object, "connected_us");
	status->first_drawn_us = get_int(object, "first_drawn_us");
	status->noted_us = json_object_get_int_member_with_default(object, "noted_us", -1);
	status->restarts = (guint)get_int(object, "restarts");
	if (!read_windows(status, xp_json_array(root, "windows"))) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s: a window is not an object", path);
		return NULL;
	}
	return g_steal_pointer(&status);
}

static void build_window(JsonBuilder *builder, const XpWindow *window)
{
	json_builder_begin_object(builder);
	xp_json_add_string(builder, "title", window->title);
	xp_json_add_string(builder, "wm_class", window->wm_class);
	xp_json_add_int(builder, "x", window->x);
	xp_json_add_int(builder, "y", window->y);
	xp_json_add_int(builder, "width", window->width);
	xp_json_add_int(builder, "height", window->height);
	xp_json_add_int(builder, "workspace", window->workspace);
	xp_json_add_boolean(builder, "mapped", window->mapped);
	xp_json_add_boolean(builder, "hidden", window->hidden);
	xp_json_add_boolean(builder, "drawn", window->drawn);
	xp_json_add_boolean(builder, "settled", window->settled);
	xp_json_add_int(builder, "xid", (gint64)window->xid);
	xp_json_add_int(builder, "guest_xid", (gint64)window->guest_xid);
	json_builder_end_object(builder);
}

gboolean xp_status_write(const XpViewerStatus *status, const char *path, GError **error)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(builder);
	xp_json_add_int(builder, "version", STATUS_VERSION);
	xp_json_add_int(builder, "viewer_pid", status->viewer_pid);
	xp_json_add_int(builder, "client_pid", status->client_pid);
	xp_json_add_string(builder, "display", status->display);
	xp_json_add_int(builder, "started_us", status->started_us);
	xp_json_add_int(builder, "connected_us", status->connected_us);
	xp_json_add_int(builder, "first_drawn_us", status->first_drawn_us);
	xp_json_add_int(builder, "noted_us", status->noted_us);
	xp_json_add_int(builder, "restarts", status->restarts);
	json_builder_set_member_name(builder, "windows");
	json_builder_begin_array(builder);
	for (guint i = 0; i < status->windows->len; i++)
		build_window(builder, status->windows->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return xp_json_write(root, path, error);
}
