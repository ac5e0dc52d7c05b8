/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * JSON files of the viewer: read with a check of the version, written atomically.
 */
#pragma once

#include <json-glib/json-glib.h>

/**
 * @param version  that the file's "version" must have
 * @return the root, an object; NULL with INVALID_DATA or what reading gave
 */
JsonNode *xp_json_read(const char *path, gint64 version, GError **error);

/**
 * Replaces the file by a rename; readers see the old or the new one. Not synced: what the viewer
 * writes is worth nothing after a crash of the machine. @return FALSE with what writing gave
 */
gboolean xp_json_write(JsonNode *root, const char *path, GError **error);

/** @return the array member of the root object, owned by it; NULL if it has none */
JsonArray *xp_json_array(JsonNode *root, const char *name);

/** Adds a member to the object under construction. */
void xp_json_add_int(JsonBuilder *builder, const char *name, gint64 value);

/** Adds a member to the object under construction; NULL becomes "". */
void xp_json_add_string(JsonBuilder *builder, const char *name, const char *value);

/** Adds a member to the object under construction. */
void xp_json_add_boolean(JsonBuilder *builder, const char *name, gboolean value);
