/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/thaw-output.h"

#include <stdio.h>
#include <string.h>

#define MAX_LINES 20u

/* What a person has to know first: programs that may fail, then what is gone, then the rest. */
static int importance(const VksFileChange *change)
{
	if (change->use & (VKS_USE_EXECUTABLE | VKS_USE_PRIVATE))
		return change->pinned ? 3 : 0;
	return strcmp(change->state, VKS_CHANGE_CHANGED) == 0 ? 2 : 1;
}

static int compare_importance(gconstpointer a, gconstpointer b)
{
	return importance(*(VksFileChange *const *)a) - importance(*(VksFileChange *const *)b);
}

void cli_print_changes(const VksThawReport *report)
{
	g_autoptr(GPtrArray) files = g_ptr_array_copy(report->files, NULL, NULL);

	/* The copy is one of pointers. */
	g_ptr_array_set_free_func(files, NULL);
	g_ptr_array_sort(files, compare_importance);
	for (guint i = 0; i < files->len && i < MAX_LINES; i++) {
		const VksFileChange *change = files->pdata[i];
		g_autofree char *path = cli_printable(change->path, VKS_IMAGE_MAX_PATH);

		printf("%s %s\n", path, vks_file_change_meaning(change));
	}
	if (files->len > MAX_LINES)
		printf("and %u files more; --json lists all\n", files->len - MAX_LINES);
}

static void add_file(JsonBuilder *builder, const VksFileChange *change)
{
	json_builder_begin_object(builder);
	cli_json_string(builder, "path", change->path);
	cli_json_string(builder, "state", change->state);
	cli_json_bool(builder, "mapped",
		      change->use & (VKS_USE_EXECUTABLE | VKS_USE_PRIVATE | VKS_USE_SHARED));
	cli_json_bool(builder, "program", change->use & (VKS_USE_EXECUTABLE | VKS_USE_PRIVATE));
	cli_json_bool(builder, "pinned", change->pinned);
	cli_json_string(builder, "meaning", vks_file_change_meaning(change));
	json_builder_end_object(builder);
}

void cli_json_changes(JsonBuilder *builder, const VksThawReport *report)
{
	cli_json_int(builder, "save_us", report ? report->save_us : 0);
	cli_json_int(builder, "looked_at", report ? report->looked_at : 0);
	json_builder_set_member_name(builder, "files");
	json_builder_begin_array(builder);
	for (guint i = 0; report && i < report->files->len; i++)
		add_file(builder, report->files->pdata[i]);
	json_builder_end_array(builder);
}
