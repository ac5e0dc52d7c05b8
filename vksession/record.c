/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/record.h"

#include <string.h>

#include "vksession/disks.h"
#include "vksession/durable.h"
#include "vksession/json.h"
#include "vksession/manifest.h"
#include "vksession/private-dirs.h"

#define RECORD_VERSION 1
#define MAX_BYTES      (4u << 20)
#define MAX_COMMANDS   64u
#define MAX_ARGUMENTS  4096u
#define MAX_TEXT       65536u
#define MAX_SETTINGS   64u

static void command_free(gpointer data)
{
	VksCommand *command = data;

	g_free(command->cwd);
	g_strfreev(command->argv);
	g_free(command);
}

static VksRecord *record_alloc(void)
{
	VksRecord *record = g_new0(VksRecord, 1);

	record->commands = g_ptr_array_new_with_free_func(command_free);
	return record;
}

VksRecord *vks_record_new(void)
{
	VksRecord *record = record_alloc();

	record->id = g_uuid_string_random();
	record->created_us = g_get_real_time();
	record->network = TRUE;
	record->autosave = g_strdup("manual");
	record->restore = g_strdup("always");
	record->run_id = g_strdup("");
	record->kernel_hash = g_strdup("");
	record->private_dirs = g_new0(char *, 1);
	record->disks = g_new0(char *, 1);
	record->settings = g_new0(char *, 1);
	return record;
}

void vks_record_free(VksRecord *record)
{
	if (!record)
		return;
	g_free(record->id);
	g_free(record->autosave);
	g_free(record->restore);
	g_free(record->run_id);
	g_free(record->kernel_hash);
	g_strfreev(record->private_dirs);
	g_strfreev(record->disks);
	g_strfreev(record->settings);
	g_ptr_array_unref(record->commands);
	g_free(record);
}

void vks_record_add_command(VksRecord *record, const char *cwd, const char *const *argv)
{
	VksCommand *command = g_new0(VksCommand, 1);
	g_autoptr(GPtrArray) copy = g_ptr_array_new();

	/* JSON is UTF-8: an argument that is not is noted with the odd bytes replaced. */
	for (guint i = 0; i < MAX_ARGUMENTS && argv[i]; i++)
		g_ptr_array_add(copy, g_utf8_make_valid(argv[i], -1));
	g_ptr_array_add(copy, NULL);
	command->started_us = g_get_real_time();
	command->cwd = g_utf8_make_valid(cwd, -1);
	command->argv = (char **)g_ptr_array_free(g_steal_pointer(&copy), FALSE);
	g_ptr_array_add(record->commands, command);
	if (record->commands->len > MAX_COMMANDS)
		g_ptr_array_remove_index(record->commands, 0);
}

void vks_record_hide_arguments(VksRecord *record)
{
	for (guint i = 0; i < record->commands->len; i++) {
		VksCommand *command = record->commands->pdata[i];

		g_free(command->cwd);
		command->cwd = g_strdup("");
		for (guint j = g_strv_length(command->argv); j > 1; j--)
			g_clear_pointer(&command->argv[j - 1], g_free);
	}
}

static void print_commands(JsonObject *object, const GPtrArray *commands)
{
	JsonArray *array = json_array_new();

	for (guint i = 0; i < commands->len; i++) {
		const VksCommand *command = commands->pdata[i];
		JsonObject *element = json_object_new();

		json_object_set_int_member(element, "started_us", command->started_us);
		json_object_set_string_member(element, "cwd", command->cwd);
		vks_json_set_strings(element, "argv", (const char *const *)command->argv);
		json_array_add_object_element(array, element);
	}
	json_object_set_array_member(object, "commands", array);
}

char *vks_record_print(const VksRecord *record)
{
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "format", "vksession-session");
	json_object_set_int_member(object, "version", RECORD_VERSION);
	json_object_set_string_member(object, "id", record->id);
	json_object_set_int_member(object, "created_us", record->created_us);
	json_object_set_int_member(object, "memory_bytes", (gint64)record->memory_bytes);
	json_object_set_int_member(object, "cpus", record->cpus);
	json_object_set_boolean_member(object, "network", record->network);
	json_object_set_string_member(object, "autosave", record->autosave);
	json_object_set_string_member(object, "restore", record->restore);
	json_object_set_boolean_member(object, "running", record->running);
	json_object_set_string_member(object, "run", record->run_id);
	json_object_set_int_member(object, "base", record->base);
	json_object_set_int_member(object, "last_number", record->last_number);
	json_object_set_string_member(object, "kernel_xxh3_128", record->kernel_hash);
	vks_json_set_strings(object, "private", (const char *const *)record->private_dirs);
	vks_json_set_strings(object, "disks", (const char *const *)record->disks);
	vks_json_set_strings(object, "settings", (const char *const *)record->settings);
	print_commands(object, record->commands);
	json_node_take_object(root, object);
	return vks_json_print(root);
}

static void parse_command(VksJson *json, GPtrArray *list)
{
	VksCommand *command = g_new0(VksCommand, 1);

	g_ptr_array_add(list, command);
	command->started_us = vks_json_int(json, "started_us");
	command->cwd = vks_json_string(json, "cwd", MAX_TEXT);
	command->argv = vks_json_strings(json, "argv", MAX_ARGUMENTS, MAX_TEXT * 2);
}

/* Earlier ones lack some lists. */
static char **parse_strings(VksJson *json, const char *member, guint max_count, gsize max_length)
{
	return vks_json_has(json, member) ? vks_json_strings(json, member, max_count, max_length)
					  : g_new0(char *, 1);
}

static void parse_members(VksJson *json, VksRecord *record)
{
	guint64 version = vks_json_uint(json, "version", G_MAXUINT32);

	if (!json->failed && (version == 0 || version > RECORD_VERSION))
		vks_json_fail(json, "version", "is of a later vksession than this one");
	record->id = vks_json_string(json, "id", 64);
	record->created_us = vks_json_int(json, "created_us");
	record->memory_bytes = vks_json_uint(json, "memory_bytes", VKS_MAX_MEMORY);
	record->cpus = (guint)vks_json_uint(json, "cpus", 1024);
	record->network = vks_json_bool(json, "network");
	record->autosave = vks_json_string(json, "autosave", 64);
	/* Not in those of the first vksession. */
	if (!json->failed && json_object_has_member(json->object, "restore"))
		record->restore = vks_json_string(json, "restore", 16);
	else
		record->restore = g_strdup("always");
	record->running = vks_json_bool(json, "running");
	record->run_id = vks_json_string(json, "run", 64);
	record->base = (guint)vks_json_uint(json, "base", G_MAXINT32);
	record->last_number = (guint)vks_json_uint(json, "last_number", G_MAXINT32);
	record->kernel_hash = vks_json_string(json, "kernel_xxh3_128", VKS_CHECKSUM_HEX);
	record->private_dirs = parse_strings(json, "private", VKS_MAX_PRIVATE_DIRS, MAX_TEXT);
	record->disks = parse_strings(json, "disks", VKS_MAX_DISKS, MAX_TEXT);
	record->settings = parse_strings(json, "settings", MAX_SETTINGS, 256);
	vks_json_each(json, "commands", MAX_COMMANDS, parse_command, record->commands);
	if (!json->failed && *record->kernel_hash && !vks_checksum_is_hex(record->kernel_hash))
		vks_json_fail(json, "kernel_xxh3_128", "is no checksum");
}

VksRecord *vks_record_parse(const char *text, gsize length, GError **error)
{
	g_autoptr(VksRecord) record = record_alloc();
	g_autoptr(JsonObject) object = NULL;
	g_autoptr(GError) cause = NULL;
	VksJson json = { .error = &cause };

	object = vks_json_parse(text, length, "session.json", error);
	if (!object)
		return NULL;
	json.object = object;
	parse_members(&json, record);
	if (json.failed) {
		g_propagate_prefixed_error(error, g_steal_pointer(&cause), "session.json: ");
		return NULL;
	}
	return g_steal_pointer(&record);
}

VksRecord *vks_record_load(const char *path, GError **error)
{
	gsize length = 0;
	g_autofree char *text = vks_file_read(path, MAX_BYTES, &length, error);

	return text ? vks_record_parse(text, length, error) : NULL;
}

gboolean vks_record_store(const VksRecord *record, const char *path, GError **error)
{
	g_autofree char *text = vks_record_print(record);

	return vks_file_replace(path, text, strlen(text), error);
}
