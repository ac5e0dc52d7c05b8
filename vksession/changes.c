/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   look  - Before a thaw (or at any time) each file of the save is compared with what lies at its
 *           path now, by inode, size and time of modification. Device numbers are no part of that:
 *           they change over a reboot of the host.
 *   place - Of those that must stay as they were, the kept copies are offered to the vkernel.
 *   merge - The vkernel writes what it found, line by line; where it says more (data that was not
 *           yet written, for example) its word counts.
 *   store - The report is kept beside the session's record.
 */
#include "vksession/changes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vksession/durable.h"
#include "vksession/error.h"
#include "vksession/image/image.h"
#include "vksession/json.h"
#include "vksession/pins.h"

#define REPORT_VERSION	 1u
#define MAX_REPORT_BYTES (64u << 20)
#define MAX_FILES	 65536u
#define KERNEL_HEADING	 "thaw-report 1"
#define MUST_STAY	 (VKS_USE_EXECUTABLE | VKS_USE_PRIVATE)

static void change_free(gpointer data)
{
	VksFileChange *change = data;

	g_free(change->path);
	g_free(change->state);
	g_free(change->pin);
	g_free(change->pin_name);
	g_free(change);
}

static VksThawReport *report_new(void)
{
	VksThawReport *report = g_new0(VksThawReport, 1);

	report->files = g_ptr_array_new_with_free_func(change_free);
	return report;
}

void vks_thaw_report_free(VksThawReport *report)
{
	if (!report)
		return;
	g_ptr_array_unref(report->files);
	g_free(report);
}

static VksFileChange *add_change(VksThawReport *report, const char *path, const char *state,
				 guint use)
{
	VksFileChange *change = g_new0(VksFileChange, 1);

	change->path = g_strdup(path);
	change->state = g_strdup(state);
	change->use = use;
	g_ptr_array_add(report->files, change);
	return change;
}

gint64 vks_change_mtime_ns(const struct stat *st)
{
	return (gint64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

gboolean vks_change_is_same(const VksHostResource *resource, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_ino == resource->inode &&
	       (guint64)st->st_size == resource->size &&
	       vks_change_mtime_ns(st) == resource->mtime_ns;
}

static const char *state_of_file(const VksHostResource *resource)
{
	struct stat st;

	if (stat(resource->path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? VKS_CHANGE_VANISHED
							   : VKS_CHANGE_UNREADABLE;
	if (!S_ISREG(st.st_mode) || st.st_ino != resource->inode)
		return VKS_CHANGE_REPLACED;
	if (access(resource->path, R_OK) < 0)
		return VKS_CHANGE_UNREADABLE;
	return vks_change_is_same(resource, &st) ? NULL : VKS_CHANGE_CHANGED;
}

static const char *state_of_directory(const VksHostResource *resource)
{
	struct stat st;

	if (stat(resource->path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? VKS_CHANGE_VANISHED
							   : VKS_CHANGE_UNREADABLE;
	if (!S_ISDIR(st.st_mode))
		return VKS_CHANGE_REPLACED;
	return access(resource->path, R_OK) < 0 ? VKS_CHANGE_UNREADABLE : NULL;
}

static const char *state_of_deleted(const VksHostResource *resource)
{
	return VKS_CHANGE_RESTORED;
}

static const struct {
	const char *kind;
	const char *(*state)(const VksHostResource *resource);
} kinds[] = {
	{ "file", state_of_file },	  { "disk", state_of_file },
	{ "shared-disk", state_of_file }, { "directory", state_of_directory },
	{ "deleted", state_of_deleted },
};

static const char *state_of(const VksHostResource *resource)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, resource->kind) == 0)
			return kinds[i].state(resource);
	}
	return NULL;
}

/* Two descriptors of one file are one file to a person. */
static gboolean is_listed(GHashTable *seen, const VksHostResource *resource)
{
	return !g_hash_table_add(seen, g_strdup_printf("%s %s", resource->kind, resource->path));
}

VksThawReport *vks_changes_look(const char *store_dir, const VksManifest *manifest)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	VksThawReport *report = report_new();

	report->save = manifest->generation;
	report->save_us = manifest->utc_us;
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];
		VksFileChange *change;
		const char *state;

		if (is_listed(seen, resource))
			continue;
		report->looked_at++;
		state = state_of(resource);
		if (!state)
			continue;
		change = add_change(report, resource->path, state, resource->use);
		if (!vks_pins_wants(resource))
			continue;
		change->pin = vks_pins_find(store_dir, resource);
		change->pin_name = vks_pins_name(resource);
		change->pinned = change->pin != NULL;
	}
	return report;
}

gboolean vks_changes_place_pins(const VksThawReport *report, const char *directory, gboolean *any,
				GError **error)
{
	*any = FALSE;
	if (!vks_tree_remove(directory, error))
		return FALSE;
	for (guint i = 0; i < report->files->len; i++) {
		const VksFileChange *change = report->files->pdata[i];
		g_autofree char *path = NULL;

		if (!change->pin)
			continue;
		if (!*any && !vks_private_dir_ensure(directory, error))
			return FALSE;
		*any = TRUE;
		path = g_build_filename(directory, change->pin_name, NULL);
		if (symlink(change->pin, path) < 0 && errno != EEXIST) {
			vks_error_errno(error, errno, "cannot make the link %s", path);
			return FALSE;
		}
	}
	return TRUE;
}

/* The vkernel's lines */

static VksFileChange *find_change(const VksThawReport *report, const char *path)
{
	for (guint i = 0; i < report->files->len; i++) {
		VksFileChange *change = report->files->pdata[i];

		if (strcmp(change->path, path) == 0)
			return change;
	}
	return NULL;
}

static guint parse_use(const char *letters)
{
	static const struct {
		char letter;
		guint use;
	} table[] = {
		{ 'x', VKS_USE_EXECUTABLE },
		{ 'p', VKS_USE_PRIVATE },
		{ 's', VKS_USE_SHARED },
		{ 'd', VKS_USE_DIRTY },
	};
	guint use = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		use |= strchr(letters, table[i].letter) ? table[i].use : 0;
	return use;
}

static gboolean state_is_known(const char *state)
{
	static const char *const states[] = { "changed", "replaced", "pinned",	 "vanished",
					      "lost",	 "readonly", "restored", NULL };

	return g_strv_contains(states, state);
}

/* "STATE USE PATH"; what is none is skipped. */
static void merge_line(VksThawReport *report, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 3);
	g_autofree char *path = NULL;
	VksFileChange *change;

	if (g_strv_length(words) != 3 || !state_is_known(words[0]) || *words[2] != '/')
		return;
	path = g_strcompress(words[2]);
	change = find_change(report, path);
	if (!change)
		change = add_change(report, path, words[0], parse_use(words[1]));
	change->use |= parse_use(words[1]);
	change->pinned = strcmp(words[0], "pinned") == 0;
	/* "pinned" says what was done; what happened to the file is known already. */
	if (!change->pinned && strcmp(change->state, VKS_CHANGE_UNREADABLE) != 0) {
		g_free(change->state);
		change->state = g_strdup(words[0]);
	}
}

void vks_changes_merge(VksThawReport *report, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	if (!lines[0] || strcmp(lines[0], KERNEL_HEADING) != 0)
		return;
	for (char **line = lines + 1; *line && report->files->len < MAX_FILES; line++)
		merge_line(report, *line);
}

/* The stored report */

static JsonObject *print_change(const VksFileChange *change)
{
	g_autofree char *path = g_utf8_make_valid(change->path, -1);
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "path", path);
	json_object_set_string_member(object, "state", change->state);
	json_object_set_int_member(object, "use", change->use);
	json_object_set_boolean_member(object, "pinned", change->pinned);
	return object;
}

gboolean vks_changes_store(const VksThawReport *report, const char *path, GError **error)
{
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();
	JsonArray *files = json_array_new();
	g_autofree char *text = NULL;

	for (guint i = 0; i < report->files->len; i++)
		json_array_add_object_element(files, print_change(report->files->pdata[i]));
	json_object_set_int_member(object, "version", REPORT_VERSION);
	json_object_set_int_member(object, "save", report->save);
	json_object_set_int_member(object, "save_us", report->save_us);
	json_object_set_int_member(object, "thawed_us", report->thawed_us);
	json_object_set_int_member(object, "looked_at", report->looked_at);
	json_object_set_array_member(object, "files", files);
	json_node_take_object(root, object);
	text = vks_json_print(root);
	return vks_file_replace(path, text, strlen(text), error);
}

static void parse_change(VksJson *json, GPtrArray *list)
{
	VksFileChange *change = g_new0(VksFileChange, 1);

	g_ptr_array_add(list, change);
	change->path = vks_json_string(json, "path", VKS_IMAGE_MAX_PATH * 3);
	change->state = vks_json_string(json, "state", 32);
	change->use = (guint)vks_json_uint(json, "use", G_MAXUINT32);
	change->pinned = vks_json_bool(json, "pinned");
}

VksThawReport *vks_changes_load(const char *path, GError **error)
{
	g_autoptr(VksThawReport) report = report_new();
	g_autoptr(JsonObject) object = NULL;
	g_autofree char *text = NULL;
	VksJson json = { .error = error };
	gsize length = 0;

	text = vks_file_read(path, MAX_REPORT_BYTES, &length, error);
	object = text ? vks_json_parse(text, length, "the report of the thaw", error) : NULL;
	if (!object)
		return NULL;
	json.object = object;
	vks_json_uint(&json, "version", REPORT_VERSION);
	report->save = (guint)vks_json_uint(&json, "save", G_MAXINT32);
	report->save_us = vks_json_int(&json, "save_us");
	report->thawed_us = vks_json_int(&json, "thawed_us");
	report->looked_at = (guint)vks_json_uint(&json, "looked_at", G_MAXUINT32);
	vks_json_each(&json, "files", MAX_FILES, parse_change, report->files);
	return json.failed ? NULL : g_steal_pointer(&report);
}

static const struct {
	const char *state;
	const char *meaning;
} meanings[] = {
	{ VKS_CHANGE_CHANGED, "was changed on the host; the session sees the new content" },
	{ VKS_CHANGE_REPLACED, "was replaced on the host; the session sees the new file" },
	{ VKS_CHANGE_VANISHED, "was deleted or moved; programs that have it open get errors" },
	{ VKS_CHANGE_UNREADABLE, "can't be read any more; programs that have it open get errors" },
	{ VKS_CHANGE_RESTORED, "had been deleted while it was open; its content is from the save" },
	{ "lost", "was changed on the host, and what the session had not yet written is lost" },
	{ "readonly", "can't be written any more" },
};

const char *vks_file_change_meaning(const VksFileChange *change)
{
	if (change->pinned)
		return "was changed on the host; the session goes on with the copy that was kept";
	if (change->use & MUST_STAY && strcmp(change->state, VKS_CHANGE_RESTORED) != 0)
		return "was changed on the host while programs use it, and no copy was kept: "
		       "start those programs again soon";
	for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
		if (strcmp(meanings[i].state, change->state) == 0)
			return meanings[i].meaning;
	}
	return change->state;
}
