/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * print - The manifest is printed as JSON. Its last member is its own checksum, over all bytes that
 *         come before the digits.
 * parse - check seal: the text must end in exactly those digits and what follows them, so that no
 *         bit of the file is left out. Then parse version, and only then the rest: a manifest of a
 *         later format is told from a damaged one.
 */
#include "vksession/manifest.h"

#include <string.h>

#include "vksession/json.h"
#include "vksession/manifest-seal.h"
#include "vksession/pins.h"
#include "vksession/private-dirs.h"

#define SEAL_MEMBER "manifest_checksum"
#define SEAL_START  ",\n  \"" SEAL_MEMBER "\" : \""
#define SEAL_END    "\"\n}\n"
#define FORMAT_NAME "vksession-save"

#define MAX_TEXT	 4096u
#define MAX_COMMAND_LINE 65536u
#define MAX_PARTS	 64u
#define MAX_LIST	 65536u

/* Of "checkpoint": each is a guint64 of VksFigures. */
static const struct {
	const char *name;
	glong offset;
	gboolean is_later; /* the first release did not write it */
} figure_members[] = {
	{ "memory_bytes", G_STRUCT_OFFSET(VksFigures, memory_bytes), FALSE },
	{ "state_bytes", G_STRUCT_OFFSET(VksFigures, state_bytes), FALSE },
	{ "quiesce_us", G_STRUCT_OFFSET(VksFigures, quiesce_us), FALSE },
	{ "dump_us", G_STRUCT_OFFSET(VksFigures, dump_us), FALSE },
	{ "resume_us", G_STRUCT_OFFSET(VksFigures, resume_us), FALSE },
	{ "total_us", G_STRUCT_OFFSET(VksFigures, total_us), TRUE },
	{ "written_bytes", G_STRUCT_OFFSET(VksFigures, written_bytes), TRUE },
};

static void part_free(gpointer data)
{
	VksPart *part = data;

	g_free(part->name);
	g_free(part);
}

static void resource_free(gpointer data)
{
	VksHostResource *resource = data;

	g_free(resource->kind);
	g_free(resource->path);
	g_free(resource);
}

static void window_free(gpointer data)
{
	VksWindow *window = data;

	g_free(window->title);
	g_free(window->wm_class);
	g_free(window);
}

VksManifest *vks_manifest_new(void)
{
	VksManifest *manifest = g_new0(VksManifest, 1);

	manifest->reason = g_strdup(VKS_REASON_MANUAL);
	manifest->host_resources = g_ptr_array_new_with_free_func(resource_free);
	manifest->windows = g_ptr_array_new_with_free_func(window_free);
	manifest->parts = g_ptr_array_new_with_free_func(part_free);
	return manifest;
}

void vks_manifest_free(VksManifest *manifest)
{
	if (!manifest)
		return;
	g_free(manifest->session_id);
	g_free(manifest->session_name);
	g_free(manifest->reason);
	g_free(manifest->run_id);
	g_free(manifest->boot_id);
	g_free(manifest->kernel_hash);
	g_free(manifest->kernel_command_line);
	g_strfreev(manifest->cpu_features);
	g_strfreev(manifest->private_dirs);
	g_ptr_array_unref(manifest->host_resources);
	g_ptr_array_unref(manifest->windows);
	g_ptr_array_unref(manifest->parts);
	vks_manifest_seal_clear(&manifest->seal);
	g_free(manifest);
}

void vks_manifest_add_window(VksManifest *manifest, const char *title, const char *wm_class, int x,
			     int y, int width, int height)
{
	VksWindow *window = g_new0(VksWindow, 1);

	window->title = g_strndup(title ? title : "", MAX_TEXT);
	window->wm_class = g_strndup(wm_class ? wm_class : "", MAX_TEXT);
	window->x = x;
	window->y = y;
	window->width = width;
	window->height = height;
	g_ptr_array_add(manifest->windows, window);
}

VksHostResource *vks_manifest_add_resource(VksManifest *manifest, const char *kind,
					   const char *path, guint64 size, gint64 mtime_ns,
					   guint64 inode)
{
	VksHostResource *resource = g_new0(VksHostResource, 1);

	resource->kind = g_strdup(kind);
	resource->path = g_strdup(path);
	resource->size = size;
	resource->mtime_ns = mtime_ns;
	resource->inode = inode;
	g_ptr_array_add(manifest->host_resources, resource);
	return resource;
}

void vks_manifest_add_part(VksManifest *manifest, const char *name, gboolean required,
			   const VksChecksum *sum)
{
	VksPart *part = g_new0(VksPart, 1);

	part->name = g_strdup(name);
	part->required = required;
	part->size = sum->size;
	part->data_bytes = sum->data_bytes;
	g_strlcpy(part->checksum, sum->hex, sizeof(part->checksum));
	g_ptr_array_add(manifest->parts, part);
}

void vks_manifest_remove_part(VksManifest *manifest, const char *name)
{
	const VksPart *part = vks_manifest_part(manifest, name);

	if (part)
		g_ptr_array_remove(manifest->parts, (gpointer)part);
}

const char *vks_manifest_memory_checksum(const VksManifest *manifest)
{
	const VksPart *memory = vks_manifest_part(manifest, "memory");

	if (manifest->seal.id)
		return manifest->seal.memory;
	if (manifest->delta.parent)
		return manifest->delta.whole.hex;
	return memory ? memory->checksum : "";
}

const VksPart *vks_manifest_part(const VksManifest *manifest, const char *name)
{
	for (guint i = 0; i < manifest->parts->len; i++) {
		const VksPart *part = manifest->parts->pdata[i];

		if (strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}

/* Printing */

static void put_uint(JsonObject *object, const char *member, guint64 value)
{
	json_object_set_int_member(object, member, (gint64)MIN(value, (guint64)G_MAXINT64));
}

/* JSON is UTF-8; a path or a window title need not be: what is not is shown replaced. */
static void put_text(JsonObject *object, const char *member, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	json_object_set_string_member(object, member, valid);
}

static JsonObject *print_part(gconstpointer data)
{
	const VksPart *part = data;
	JsonObject *object = json_object_new();

	put_text(object, "name", part->name);
	json_object_set_boolean_member(object, "required", part->required);
	put_uint(object, "size", part->size);
	put_uint(object, "data_bytes", part->data_bytes);
	put_text(object, "xxh3_128", part->checksum);
	return object;
}

static JsonObject *print_resource(gconstpointer data)
{
	const VksHostResource *resource = data;
	JsonObject *object = json_object_new();

	put_text(object, "kind", resource->kind);
	put_text(object, "path", resource->path);
	put_uint(object, "size", resource->size);
	json_object_set_int_member(object, "mtime_ns", resource->mtime_ns);
	put_uint(object, "inode", resource->inode);
	put_uint(object, "device", resource->device);
	put_uint(object, "use", resource->use);
	return object;
}

static JsonObject *print_window(gconstpointer data)
{
	const VksWindow *window = data;
	JsonObject *object = json_object_new();

	put_text(object, "title", window->title);
	put_text(object, "class", window->wm_class);
	json_object_set_int_member(object, "x", window->x);
	json_object_set_int_member(object, "y", window->y);
	json_object_set_int_member(object, "width", window->width);
	json_object_set_int_member(object, "height", window->height);
	return object;
}

static void print_list(JsonObject *root, const char *member, const GPtrArray *list,
		       JsonObject *(*print)(gconstpointer))
{
	JsonArray *array = json_array_new();

	for (guint i = 0; i < list->len; i++)
		json_array_add_object_element(array, print(list->pdata[i]));
	json_object_set_array_member(root, member, array);
}

/* Copies of programs and libraries are kept in the open anyway (pins.c). */
static GPtrArray *choose_resources(const VksManifest *manifest, VksManifestLists which)
{
	GPtrArray *chosen = g_ptr_array_new();

	for (guint i = 0; i < manifest->host_resources->len; i++) {
		VksHostResource *resource = manifest->host_resources->pdata[i];

		if (which == VKS_LISTS_ALL || vks_pins_wants(resource) == (which == VKS_LISTS_OPEN))
			g_ptr_array_add(chosen, resource);
	}
	return chosen;
}

void vks_manifest_print_lists(JsonObject *object, const VksManifest *manifest,
			      VksManifestLists which)
{
	g_autoptr(GPtrArray) resources = choose_resources(manifest, which);
	g_autoptr(GPtrArray) none = g_ptr_array_new();

	print_list(object, "host_resources", resources, print_resource);
	print_list(object, "windows", which == VKS_LISTS_OPEN ? none : manifest->windows,
		   print_window);
}

static JsonObject *print_session(const VksManifest *manifest)
{
	JsonObject *object = json_object_new();

	put_text(object, "id", manifest->session_id);
	put_text(object, "name", manifest->session_name);
	put_text(object, "run", manifest->run_id);
	put_text(object, "reason", manifest->reason);
	put_uint(object, "generation", manifest->generation);
	put_uint(object, "parent", manifest->parent);
	json_object_set_boolean_member(object, "stopped", manifest->stopped);
	return object;
}

static JsonObject *print_time(const VksManifest *manifest)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(manifest->utc_us / G_USEC_PER_SEC);
	g_autofree char *text = utc ? g_date_time_format_iso8601(utc) : g_strdup("");
	JsonObject *object = json_object_new();

	put_text(object, "utc", text);
	json_object_set_int_member(object, "utc_us", manifest->utc_us);
	put_uint(object, "boottime_us", manifest->boottime_us);
	put_text(object, "boot_id", manifest->boot_id);
	return object;
}

static JsonObject *print_guest(const VksManifest *manifest)
{
	JsonObject *object = json_object_new();

	put_text(object, "kernel_xxh3_128", manifest->kernel_hash);
	put_text(object, "kernel_command_line", manifest->kernel_command_line);
	put_uint(object, "memory_bytes", manifest->memory_bytes);
	put_uint(object, "cpus", manifest->cpus);
	json_object_set_boolean_member(object, "network", manifest->network);
	vks_json_set_strings(object, "cpu_features", (const char *const *)manifest->cpu_features);
	vks_json_set_strings(object, "private", (const char *const *)manifest->private_dirs);
	return object;
}

static JsonObject *print_delta(const VksDelta *delta)
{
	JsonObject *object = json_object_new();

	put_uint(object, "parent", delta->parent);
	put_text(object, "parent_memory_xxh3_128", delta->parent_checksum);
	put_uint(object, "depth", delta->depth);
	put_uint(object, "memory_size", delta->whole.size);
	put_uint(object, "memory_data_bytes", delta->whole.data_bytes);
	put_text(object, "memory_xxh3_128", delta->whole.hex);
	return object;
}

static JsonObject *print_figures(const VksFigures *figures)
{
	JsonObject *object = json_object_new();

	for (gsize i = 0; i < G_N_ELEMENTS(figure_members); i++)
		put_uint(object, figure_members[i].name,
			 G_STRUCT_MEMBER(guint64, figures, figure_members[i].offset));
	return object;
}

char *vks_manifest_print(const VksManifest *manifest)
{
	g_autoptr(GString) text = NULL;
	g_autofree char *body = NULL;
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();
	char hex[VKS_CHECKSUM_HEX + 1];

	put_text(object, "format", FORMAT_NAME);
	put_uint(object, "version", VKS_MANIFEST_VERSION);
	put_text(object, "producer", "vksession " VKSESSION_VERSION);
	json_object_set_object_member(object, "session", print_session(manifest));
	json_object_set_object_member(object, "time", print_time(manifest));
	json_object_set_object_member(object, "guest", print_guest(manifest));
	json_object_set_object_member(object, "checkpoint", print_figures(&manifest->figures));
	if (manifest->delta.parent)
		json_object_set_object_member(object, "delta", print_delta(&manifest->delta));
	vks_manifest_print_seal(object, manifest);
	vks_manifest_print_lists(object, manifest,
				 manifest->seal.id ? VKS_LISTS_OPEN : VKS_LISTS_ALL);
	print_list(object, "parts", manifest->parts, print_part);
	json_node_take_object(root, object);
	body = vks_json_print(root);

	/* Take off "\n}", put the seal in its place. */
	text = g_string_new_len(body, (gssize)strlen(body) - 2);
	vks_manifest_append_mac(text, manifest);
	g_string_append(text, SEAL_START);
	vks_checksum_buffer(text->str, text->len, hex);
	g_string_append(text, hex);
	g_string_append(text, SEAL_END);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Parsing */

/* @param[out] sealed  length of what comes before the seal */
static gboolean check_seal(const char *text, gsize length, gsize *sealed, GError **error)
{
	const gsize tail = VKS_CHECKSUM_HEX + strlen(SEAL_END);
	char hex[VKS_CHECKSUM_HEX + 1];
	gsize body;

	if (length > tail + strlen(SEAL_START)) {
		body = length - tail;
		vks_checksum_buffer(text, body, hex);
		*sealed = body - strlen(SEAL_START);
		if (memcmp(text + body - strlen(SEAL_START), SEAL_START, strlen(SEAL_START)) == 0 &&
		    memcmp(text + body, hex, VKS_CHECKSUM_HEX) == 0 &&
		    memcmp(text + body + VKS_CHECKSUM_HEX, SEAL_END, strlen(SEAL_END)) == 0)
			return TRUE;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "the manifest's own checksum differs");
	return FALSE;
}

static void parse_version(VksJson *json)
{
	g_autofree char *format = vks_json_string(json, "format", 64);
	guint64 version = vks_json_uint(json, "version", G_MAXUINT32);

	if (json->failed)
		return;
	if (strcmp(format, FORMAT_NAME) != 0)
		vks_json_fail(json, "format", "is not that of a save");
	else if (version == 0 || version > VKS_MANIFEST_VERSION)
		vks_json_fail(json, "version", "is of a later vksession than this one");
}

static gboolean part_name_is_valid(const char *name)
{
	return *name && *name != '.' && strlen(name) <= 64 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name) &&
	       strcmp(name, "manifest.json") != 0;
}

static void parse_checksum(VksJson *json, const char *member, char hex[VKS_CHECKSUM_HEX + 1])
{
	g_autofree char *text = vks_json_string(json, member, VKS_CHECKSUM_HEX);

	if (!json->failed && !vks_checksum_is_hex(text))
		vks_json_fail(json, member, "is no checksum");
	g_strlcpy(hex, text, VKS_CHECKSUM_HEX + 1);
}

static void parse_part(VksJson *json, GPtrArray *list)
{
	VksPart *part = g_new0(VksPart, 1);

	g_ptr_array_add(list, part);
	part->name = vks_json_string(json, "name", 64);
	part->required = vks_json_bool(json, "required");
	part->size = vks_json_uint(json, "size", VKS_MAX_MEMORY * 2);
	part->data_bytes = vks_json_uint(json, "data_bytes", VKS_MAX_MEMORY * 2);
	parse_checksum(json, "xxh3_128", part->checksum);
	if (!json->failed && !part_name_is_valid(part->name))
		vks_json_fail(json, "name", "is no name of a part");
}

static void parse_resource(VksJson *json, GPtrArray *list)
{
	VksHostResource *resource = g_new0(VksHostResource, 1);

	g_ptr_array_add(list, resource);
	resource->kind = vks_json_string(json, "kind", 64);
	resource->path = vks_json_string(json, "path", MAX_TEXT * 3);
	resource->size = vks_json_uint(json, "size", G_MAXINT64);
	resource->mtime_ns = vks_json_int(json, "mtime_ns");
	resource->inode = vks_json_uint(json, "inode", G_MAXINT64);
	if (json->failed || !vks_json_has(json, "use"))
		return;
	resource->device = vks_json_uint(json, "device", G_MAXINT64);
	resource->use = (guint)vks_json_uint(json, "use", G_MAXUINT32);
}

static int parse_pixel(VksJson *json, const char *member)
{
	gint64 value = vks_json_int(json, member);

	if (value < -G_MAXINT16 * 4 || value > G_MAXINT16 * 4)
		vks_json_fail(json, member, "is out of range");
	return (int)CLAMP(value, -G_MAXINT16 * 4, G_MAXINT16 * 4);
}

static void parse_window(VksJson *json, GPtrArray *list)
{
	VksWindow *window = g_new0(VksWindow, 1);

	g_ptr_array_add(list, window);
	window->title = vks_json_string(json, "title", MAX_TEXT * 3);
	window->wm_class = vks_json_string(json, "class", MAX_TEXT * 3);
	window->x = parse_pixel(json, "x");
	window->y = parse_pixel(json, "y");
	window->width = parse_pixel(json, "width");
	window->height = parse_pixel(json, "height");
}

static void parse_session(VksJson *json, VksManifest *manifest)
{
	manifest->session_id = vks_json_string(json, "id", 64);
	manifest->session_name = vks_json_string(json, "name", 64);
	manifest->run_id = vks_json_string(json, "run", 64);
	if (vks_json_has(json, "reason")) {
		g_free(manifest->reason);
		manifest->reason = vks_json_string(json, "reason", 64);
	}
	manifest->generation = (guint)vks_json_uint(json, "generation", G_MAXINT32);
	manifest->parent = (guint)vks_json_uint(json, "parent", G_MAXINT32);
	manifest->stopped = vks_json_bool(json, "stopped");
	if (!json->failed && manifest->generation == 0)
		vks_json_fail(json, "generation", "is zero");
}

static void parse_time(VksJson *json, VksManifest *manifest)
{
	manifest->utc_us = vks_json_int(json, "utc_us");
	manifest->boottime_us = vks_json_uint(json, "boottime_us", G_MAXINT64);
	manifest->boot_id = vks_json_string(json, "boot_id", 64);
}

static void parse_guest(VksJson *json, VksManifest *manifest)
{
	manifest->kernel_hash = vks_json_string(json, "kernel_xxh3_128", VKS_CHECKSUM_HEX);
	manifest->kernel_command_line =
		vks_json_string(json, "kernel_command_line", MAX_COMMAND_LINE);
	manifest->memory_bytes = vks_json_uint(json, "memory_bytes", VKS_MAX_MEMORY);
	manifest->cpus = (guint)vks_json_uint(json, "cpus", 1024);
	manifest->network = vks_json_bool(json, "network");
	manifest->cpu_features = vks_json_strings(json, "cpu_features", 4096, 64);
	if (vks_json_has(json, "private"))
		manifest->private_dirs =
			vks_json_strings(json, "private", VKS_MAX_PRIVATE_DIRS, MAX_TEXT);
	if (!json->failed && !vks_checksum_is_hex(manifest->kernel_hash))
		vks_json_fail(json, "kernel_xxh3_128", "is no checksum");
}

static void parse_figures(VksJson *json, VksManifest *manifest)
{
	for (gsize i = 0; i < G_N_ELEMENTS(figure_members); i++) {
		const char *name = figure_members[i].name;

		if (!figure_members[i].is_later || vks_json_has(json, name))
			G_STRUCT_MEMBER(guint64, &manifest->figures, figure_members[i].offset) =
				vks_json_uint(json, name, G_MAXINT64);
	}
}

static void parse_delta(VksJson *json, VksManifest *manifest)
{
	VksDelta *delta = &manifest->delta;
	VksJson section = { .error = json->error };

	if (!vks_json_has(json, "delta"))
		return;
	section.object = vks_json_object(json, "delta");
	if (!section.object)
		return;
	delta->parent = (guint)vks_json_uint(&section, "parent", G_MAXINT32);
	parse_checksum(&section, "parent_memory_xxh3_128", delta->parent_checksum);
	delta->depth = (guint)vks_json_uint(&section, "depth", VKS_MAX_DEPTH);
	delta->whole.size = vks_json_uint(&section, "memory_size", VKS_MAX_MEMORY * 2);
	delta->whole.data_bytes = vks_json_uint(&section, "memory_data_bytes", VKS_MAX_MEMORY * 2);
	parse_checksum(&section, "memory_xxh3_128", delta->whole.hex);
	/* Parents are older: a chain of them can't be a ring. */
	if (!section.failed && (delta->parent == 0 || delta->parent >= manifest->generation))
		vks_json_fail(&section, "parent", "is no earlier save");
	if (!section.failed && delta->depth == 0)
		vks_json_fail(&section, "depth", "is zero");
	json->failed = section.failed;
}

void vks_manifest_parse_lists(VksJson *json, VksManifest *manifest)
{
	vks_json_each(json, "host_resources", MAX_LIST, parse_resource, manifest->host_resources);
	vks_json_each(json, "windows", MAX_LIST, parse_window, manifest->windows);
}

static const struct {
	const char *member;
	void (*parse)(VksJson *json, VksManifest *manifest);
} sections[] = {
	{ "session", parse_session },
	{ "time", parse_time },
	{ "guest", parse_guest },
	{ "checkpoint", parse_figures },
};

static void parse_sections(VksJson *json, VksManifest *manifest)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
		VksJson section = { .error = json->error };

		section.object = vks_json_object(json, sections[i].member);
		if (!section.object)
			return;
		sections[i].parse(&section, manifest);
		json->failed = section.failed;
	}
	parse_delta(json, manifest);
	vks_manifest_parse_seal(json, manifest);
	vks_manifest_parse_lists(json, manifest);
	vks_json_each(json, "parts", MAX_PARTS, parse_part, manifest->parts);
}

VksManifest *vks_manifest_parse(const char *text, gsize length, GError **error)
{
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(JsonObject) object = NULL;
	g_autoptr(GError) cause = NULL;
	VksJson json = { .error = &cause };
	gsize sealed = 0;

	if (!check_seal(text, length, &sealed, error))
		return NULL;
	object = vks_json_parse(text, length, "the manifest", error);
	if (!object)
		return NULL;
	manifest = vks_manifest_new();
	json.object = object;
	parse_version(&json);
	parse_sections(&json, manifest);
	if (json.failed) {
		g_propagate_prefixed_error(error, g_steal_pointer(&cause), "manifest: ");
		return NULL;
	}
	return vks_manifest_note_mac(manifest, text, sealed, error) ? g_steal_pointer(&manifest)
								    : NULL;
}
