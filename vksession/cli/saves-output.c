/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/saves-output.h"

#include "vksession/disks.h"

static const char *const headings[] = { ">SAVE", "TIME",   "AGE",   ">SIZE",   ">PARENT",
					"KIND",	 "REASON", "STATE", "WINDOWS", NULL };

static char *describe_state(const VksSaveInfo *info)
{
	if (info->problem)
		return g_strdup_printf("damaged: %s", info->problem);
	if (info->locked)
		return g_strdup("complete, encrypted");
	return g_strdup(info->verified ? "intact" : "complete");
}

static char *describe_windows(const VksManifest *manifest)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; manifest && i < manifest->windows->len; i++) {
		const VksWindow *window = manifest->windows->pdata[i];

		g_string_append_printf(text, "%s%s", i ? ", " : "", window->title);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

void cli_print_saves(const GPtrArray *saves)
{
	CliTable *table = cli_table_new(headings);

	for (guint i = 0; i < saves->len; i++) {
		const VksSaveInfo *info = saves->pdata[i];
		const VksManifest *manifest = info->manifest;
		char *cells[] = {
			g_strdup_printf("%u", info->number),
			cli_format_time(manifest ? manifest->utc_us : 0),
			cli_format_age(manifest ? manifest->utc_us : 0),
			cli_format_size(info->disk_bytes),
			manifest && manifest->parent ? g_strdup_printf("%u", manifest->parent)
						     : g_strdup("-"),
			g_strdup(!manifest	     ? "-"
				 : manifest->stopped ? "stop"
						     : "live"),
			g_strdup(manifest ? manifest->reason : "-"),
			describe_state(info),
			describe_windows(manifest),
		};

		cli_table_add(table, cells);
	}
	cli_table_print(table);
}

static void add_windows(JsonBuilder *builder, const VksManifest *manifest)
{
	json_builder_set_member_name(builder, "windows");
	json_builder_begin_array(builder);
	for (guint i = 0; i < manifest->windows->len; i++) {
		const VksWindow *window = manifest->windows->pdata[i];

		json_builder_begin_object(builder);
		cli_json_string(builder, "title", window->title);
		cli_json_string(builder, "class", window->wm_class);
		cli_json_int(builder, "x", window->x);
		cli_json_int(builder, "y", window->y);
		cli_json_int(builder, "width", window->width);
		cli_json_int(builder, "height", window->height);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_strings(JsonBuilder *builder, const char *member, char *const *strings)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (; strings && *strings; strings++)
		json_builder_add_string_value(builder, *strings);
	json_builder_end_array(builder);
}

static void add_hex(JsonBuilder *builder, const char *member, guint64 value)
{
	g_autofree char *text = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);

	cli_json_string(builder, member, text);
}

static void add_identity(JsonBuilder *builder, const VksImage *image)
{
	const VksImageIdentity *id = &image->identity;
	g_autofree char *build_id = vks_image_build_id(image);

	cli_json_string(builder, "banner", id->banner);
	cli_json_string(builder, "build_id", build_id);
	cli_json_int(builder, "page_size", id->page_size);
	cli_json_int(builder, "realtime_us", id->realtime_ns / 1000);
	add_hex(builder, "xcr0", id->xcr0);
	cli_json_int(builder, "xstate_size", id->xstate_size);
	cli_json_bool(builder, "seccomp", id->seccomp != 0);
	cli_json_int(builder, "cpus", id->cpus);
	cli_json_string(builder, "command_line", image->command_line);
}

static void add_sections(JsonBuilder *builder, const VksImage *image)
{
	json_builder_set_member_name(builder, "sections");
	json_builder_begin_array(builder);
	for (guint i = 0; i < image->n_sections; i++) {
		const VksSection *section = &image->sections[i];

		json_builder_begin_object(builder);
		cli_json_int(builder, "type", section->type);
		cli_json_bool(builder, "required", section->flags & VKS_SECTION_REQUIRED);
		cli_json_int(builder, "offset", (gint64)section->offset);
		cli_json_int(builder, "length", (gint64)section->length);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

/* What the vkernel wrote, in its own words. */
static void add_image(JsonBuilder *builder, const VksImage *image)
{
	json_builder_set_member_name(builder, "image");
	if (!image) {
		json_builder_add_null_value(builder);
		return;
	}
	json_builder_begin_object(builder);
	cli_json_int(builder, "version", image->version);
	add_hex(builder, "crc32c", image->checksum);
	add_identity(builder, image);
	cli_json_int(builder, "guest_memory_bytes", (gint64)vks_image_guest_memory(image));
	cli_json_int(builder, "memory_bytes", (gint64)image->memory_bytes);
	cli_json_int(builder, "extents", image->extents->len);
	cli_json_int(builder, "files", image->files->len);
	add_sections(builder, image);
	json_builder_end_object(builder);
}

static void add_manifest(JsonBuilder *builder, const VksManifest *manifest)
{
	g_auto(GStrv) disks = vks_disks_of_save(manifest);

	cli_json_string(builder, "session", manifest->session_name);
	cli_json_string(builder, "session_id", manifest->session_id);
	cli_json_int(builder, "parent", manifest->parent);
	cli_json_string(builder, "reason", manifest->reason);
	cli_json_int(builder, "base", manifest->delta.parent);
	cli_json_int(builder, "depth", manifest->delta.depth);
	cli_json_bool(builder, "stopped", manifest->stopped);
	cli_json_int(builder, "utc_us", manifest->utc_us);
	cli_json_string(builder, "kernel", manifest->kernel_hash);
	cli_json_int(builder, "guest_memory_bytes", (gint64)manifest->memory_bytes);
	cli_json_int(builder, "memory_bytes", (gint64)manifest->figures.memory_bytes);
	cli_json_int(builder, "state_bytes", (gint64)manifest->figures.state_bytes);
	cli_json_int(builder, "quiesce_us", (gint64)manifest->figures.quiesce_us);
	cli_json_int(builder, "dump_us", (gint64)manifest->figures.dump_us);
	cli_json_int(builder, "resume_us", (gint64)manifest->figures.resume_us);
	cli_json_int(builder, "total_us", (gint64)manifest->figures.total_us);
	cli_json_int(builder, "written_bytes", (gint64)manifest->figures.written_bytes);
	add_strings(builder, "private", manifest->private_dirs);
	add_strings(builder, "disks", disks);
	add_windows(builder, manifest);
}

void cli_print_saves_json(const GPtrArray *saves)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < saves->len; i++) {
		const VksSaveInfo *info = saves->pdata[i];

		json_builder_begin_object(builder);
		cli_json_int(builder, "save", info->number);
		cli_json_int(builder, "disk_bytes", (gint64)info->disk_bytes);
		cli_json_bool(builder, "valid", info->problem == NULL);
		cli_json_bool(builder, "verified", info->verified);
		cli_json_bool(builder, "encrypted", info->encrypted);
		cli_json_string(builder, "locked", info->locked);
		cli_json_string(builder, "problem", info->problem);
		if (info->manifest) {
			add_manifest(builder, info->manifest);
			add_image(builder, info->image);
		}
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	cli_print_json(builder);
}
