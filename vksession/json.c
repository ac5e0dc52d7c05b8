/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/json.h"

#include <string.h>

/*
 * The parser of json-glib recurses: nesting is bounded before it sees the text. It also takes
 * comments, which no JSON of ours has and which would hide quotes and brackets from this count.
 */
static gboolean depth_is_bounded(const char *text, gsize length)
{
	gboolean in_string = FALSE;
	guint depth = 0;

	for (gsize i = 0; i < length; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = FALSE;
			continue;
		}
		if (c == '/')
			return FALSE;
		if (c == '"')
			in_string = TRUE;
		else if ((c == '{' || c == '[') && ++depth > VKS_JSON_MAX_DEPTH)
			return FALSE;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return TRUE;
}

JsonObject *vks_json_parse(const char *text, gsize length, const char *what, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	g_autoptr(GError) cause = NULL;
	JsonNode *root;

	if (memchr(text, '\0', length) || !g_utf8_validate(text, (gssize)length, NULL) ||
	    !depth_is_bounded(text, length)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not valid", what);
		return NULL;
	}
	if (!json_parser_load_from_data(parser, text, (gssize)length, &cause)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not valid: %s", what,
			    cause->message);
		return NULL;
	}
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not an object",
			    what);
		return NULL;
	}
	return json_object_ref(json_node_get_object(root));
}

void vks_json_fail(VksJson *json, const char *member, const char *problem)
{
	if (json->failed)
		return;
	json->failed = TRUE;
	if (json->error && !*json->error)
		g_set_error(json->error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "member \"%s\" %s",
			    member, problem);
}

gboolean vks_json_has(const VksJson *json, const char *member)
{
	return !json->failed && json_object_has_member(json->object, member);
}

/* The value of a member if it has the type asked for; NULL otherwise, with the failure noted. */
static JsonNode *get_value(VksJson *json, const char *member, GType type)
{
	JsonNode *node = json->failed ? NULL : json_object_get_member(json->object, member);

	if (json->failed)
		return NULL;
	if (!node) {
		vks_json_fail(json, member, "is missing");
		return NULL;
	}
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != type) {
		vks_json_fail(json, member, "has the wrong type");
		return NULL;
	}
	return node;
}

gint64 vks_json_int(VksJson *json, const char *member)
{
	JsonNode *node = get_value(json, member, G_TYPE_INT64);

	return node ? json_node_get_int(node) : 0;
}

guint64 vks_json_uint(VksJson *json, const char *member, guint64 max)
{
	gint64 value = vks_json_int(json, member);

	if (value < 0 || (guint64)value > max) {
		vks_json_fail(json, member, "is out of range");
		return 0;
	}
	return (guint64)value;
}

gboolean vks_json_bool(VksJson *json, const char *member)
{
	JsonNode *node = get_value(json, member, G_TYPE_BOOLEAN);

	return node ? json_node_get_boolean(node) : FALSE;
}

char *vks_json_string(VksJson *json, const char *member, gsize max_length)
{
	JsonNode *node = get_value(json, member, G_TYPE_STRING);
	const char *text = node ? json_node_get_string(node) : "";

	if (!text || strlen(text) > max_length) {
		vks_json_fail(json, member, "is too long");
		text = "";
	}
	return g_strdup(text);
}

static JsonArray *get_array(VksJson *json, const char *member, guint max_count)
{
	JsonNode *node = json->failed ? NULL : json_object_get_member(json->object, member);
	JsonArray *array;

	if (json->failed)
		return NULL;
	if (!node || !JSON_NODE_HOLDS_ARRAY(node)) {
		vks_json_fail(json, member, "is missing or no array");
		return NULL;
	}
	array = json_node_get_array(node);
	if (json_array_get_length(array) > max_count) {
		vks_json_fail(json, member, "has too many elements");
		return NULL;
	}
	return array;
}

char **vks_json_strings(VksJson *json, const char *member, guint max_count, gsize max_length)
{
	JsonArray *array = get_array(json, member, max_count);
	guint length = array ? json_array_get_length(array) : 0;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < length; i++) {
		JsonNode *node = json_array_get_element(array, i);

		if (!JSON_NODE_HOLDS_VALUE(node) ||
		    json_node_get_value_type(node) != G_TYPE_STRING ||
		    strlen(json_node_get_string(node)) > max_length) {
			vks_json_fail(json, member, "has an element that is no short string");
			break;
		}
		g_ptr_array_add(list, json_node_dup_string(node));
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

JsonObject *vks_json_object(VksJson *json, const char *member)
{
	JsonNode *node = json->failed ? NULL : json_object_get_member(json->object, member);

	if (json->failed)
		return NULL;
	if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
		vks_json_fail(json, member, "is missing or no object");
		return NULL;
	}
	return json_node_get_object(node);
}

void vks_json_each(VksJson *json, const char *member, guint max_count,
		   void (*parse)(VksJson *element, GPtrArray *list), GPtrArray *list)
{
	JsonArray *array = get_array(json, member, max_count);
	guint length = array ? json_array_get_length(array) : 0;

	for (guint i = 0; i < length && !json->failed; i++) {
		JsonNode *node = json_array_get_element(array, i);
		VksJson element = { .error = json->error };

		if (!JSON_NODE_HOLDS_OBJECT(node)) {
			vks_json_fail(json, member, "has an element that is no object");
			return;
		}
		element.object = json_node_get_object(node);
		parse(&element, list);
		json->failed = element.failed;
	}
}

void vks_json_set_strings(JsonObject *object, const char *member, const char *const *strings)
{
	JsonArray *array = json_array_new();

	for (; strings && *strings; strings++)
		json_array_add_string_element(array, *strings);
	json_object_set_array_member(object, member, array);
}

char *vks_json_print(JsonNode *root)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	char *text;

	json_generator_set_pretty(generator, TRUE);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, NULL);
	json_node_unref(root);
	return text;
}
