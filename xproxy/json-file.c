/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>

#include "xproxy/json-file.h"

JsonNode *xp_json_read(const char *path, gint64 version, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	g_autoptr(GError) problem = NULL;
	JsonNode *root;

	if (!json_parser_load_from_file(parser, path, &problem)) {
		if (problem->domain == G_FILE_ERROR)
			g_set_error(error, G_IO_ERROR, g_io_error_from_file_error(problem->code),
				    "%s", problem->message);
		else
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path,
				    problem->message);
		return NULL;
	}
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root) ||
	    json_object_get_int_member_with_default(json_node_get_object(root), "version", 0) !=
		    version) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s: not of format version %" G_GINT64_FORMAT, path, version);
		return NULL;
	}
	return json_parser_steal_root(parser);
}

gboolean xp_json_write(JsonNode *root, const char *path, GError **error)
{
	g_autofree char *text = json_to_string(root, TRUE);
	g_autoptr(GError) problem = NULL;

	if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
				     &problem))
		return TRUE;
	g_set_error(error, G_IO_ERROR, g_io_error_from_file_error(problem->code), "%s",
		    problem->message);
	return FALSE;
}

JsonArray *xp_json_array(JsonNode *root, const char *name)
{
	JsonNode *member = json_object_get_member(json_node_get_object(root), name);

	return member && JSON_NODE_HOLDS_ARRAY(member) ? json_node_get_array(member) : NULL;
}

void xp_json_add_int(JsonBuilder *builder, const char *name, gint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, value);
}

void xp_json_add_string(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, value ? value : "");
}

void xp_json_add_boolean(JsonBuilder *builder, const char *name, gboolean value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}
