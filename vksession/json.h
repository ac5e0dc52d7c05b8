/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Reading JSON that may come from anybody, within bounds.
 *
 * A reader looks at one object and remembers the first thing that was wrong with it; everything
 * asked of it afterwards gives an empty value. So a parser asks for all it needs and checks once.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/** Depth of nesting beyond which a text is refused unread. */
#define VKS_JSON_MAX_DEPTH 16

typedef struct {
	JsonObject *object; /* borrowed */
	GError **error;	    /* the first problem: INVALID_DATA */
	gboolean failed;
} VksJson;

/**
 * Parses a text that must be one JSON object.
 *
 * @param what  for the error message
 * @return a reference owned by the caller; NULL with INVALID_DATA
 */
JsonObject *vks_json_parse(const char *text, gsize length, const char *what, GError **error);

/** Notes a problem, unless there was one already. */
void vks_json_fail(VksJson *json, const char *member, const char *problem);

/** @return whether a member is there; for those that earlier formats did not have */
gboolean vks_json_has(const VksJson *json, const char *member);

/** An integer member in [0, max]. */
guint64 vks_json_uint(VksJson *json, const char *member, guint64 max);
/** An integer member of any sign. */
gint64 vks_json_int(VksJson *json, const char *member);
gboolean vks_json_bool(VksJson *json, const char *member);
/** A string member of at most max_length bytes; free with g_free(). "" after a failure. */
char *vks_json_string(VksJson *json, const char *member, gsize max_length);
/** A member that is an array of strings; free with g_strfreev(). Empty after a failure. */
char **vks_json_strings(VksJson *json, const char *member, guint max_count, gsize max_length);
/** A member that is an object, borrowed; NULL after a failure. */
JsonObject *vks_json_object(VksJson *json, const char *member);

/**
 * Calls a parser for each element of a member that is an array of objects.
 *
 * @param parse  gets a reader for the element and adds what it made of it to the list
 */
void vks_json_each(VksJson *json, const char *member, guint max_count,
		   void (*parse)(VksJson *element, GPtrArray *list), GPtrArray *list);

/** Sets a member that is an array of strings. @param strings  NULL-terminated; NULL: an empty array
 */
void vks_json_set_strings(JsonObject *object, const char *member, const char *const *strings);

/** Writes a tree as indented text without a newline at its end; free with g_free(). Consumes root. */
char *vks_json_print(JsonNode *root);
