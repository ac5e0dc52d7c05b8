/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean programs;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "programs", 0, 0, G_OPTION_ARG_NONE, &options.programs,
	  "Ask running sessions what runs in them now", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static const char *const headings[] = { "SESSION", "STATE",   ">MEMORY",  ">SAVES", "LAST SAVE",
					">DISK",   "DISPLAY", "PROGRAMS", NULL };

/* What is not encrypted, as most are, is not said. */
static char *describe_name(const VksSessionInfo *info)
{
	if (!info->encryption)
		return g_strdup(info->name);
	return g_strdup_printf("%s (%s)", info->name, vks_encryption_name(info->encryption));
}

static char *describe_programs(const VksSessionInfo *info)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (info->problem)
		return g_strdup_printf("(%s)", info->problem);
	for (guint i = 0; info->programs && i < info->programs->len; i++) {
		const VkProgram *program = info->programs->pdata[i];

		g_string_append_printf(text, "%s%s", text->len ? ", " : "", program->command);
	}
	if (info->programs)
		return g_string_free(g_steal_pointer(&text), FALSE);
	return g_strjoinv(", ", info->commands);
}

static void print_table(const GPtrArray *list)
{
	CliTable *table = cli_table_new(headings);

	for (guint i = 0; i < list->len; i++) {
		const VksSessionInfo *info = list->pdata[i];
		char *cells[] = {
			describe_name(info),
			g_strdup(vks_state_name(info->state)),
			cli_format_size(info->memory_bytes),
			g_strdup_printf("%u", info->n_saves),
			cli_format_age(info->last_save_us),
			cli_format_size(info->disk_bytes),
			g_strdup(info->display ? info->display : "-"),
			describe_programs(info),
		};

		cli_table_add(table, cells);
	}
	cli_table_print(table);
}

static void add_programs(JsonBuilder *builder, const VksSessionInfo *info)
{
	json_builder_set_member_name(builder, "commands");
	json_builder_begin_array(builder);
	for (char **command = info->commands; *command; command++)
		json_builder_add_string_value(builder, *command);
	json_builder_end_array(builder);
	if (!info->programs)
		return;
	json_builder_set_member_name(builder, "programs");
	json_builder_begin_array(builder);
	for (guint i = 0; i < info->programs->len; i++) {
		const VkProgram *program = info->programs->pdata[i];

		json_builder_begin_object(builder);
		cli_json_int(builder, "pid", program->pid);
		cli_json_int(builder, "started", program->started);
		cli_json_string(builder, "command", program->command);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void print_json(const GPtrArray *list)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < list->len; i++) {
		const VksSessionInfo *info = list->pdata[i];

		json_builder_begin_object(builder);
		cli_json_string(builder, "session", info->name);
		cli_json_string(builder, "id", info->id);
		cli_json_string(builder, "state", vks_state_name(info->state));
		cli_json_bool(builder, "attached", info->attached);
		cli_json_string(builder, "display", info->display);
		cli_json_int(builder, "vkernel_pid", info->vkernel_pid);
		cli_json_int(builder, "created_us", info->created_us);
		cli_json_int(builder, "started_us", info->started_us);
		cli_json_int(builder, "memory_bytes", (gint64)info->memory_bytes);
		cli_json_int(builder, "cpus", info->cpus);
		cli_json_bool(builder, "network", info->network);
		cli_json_string(builder, "encryption", vks_encryption_name(info->encryption));
		cli_json_int(builder, "saves", info->n_saves);
		cli_json_int(builder, "last_save", info->last_save);
		cli_json_int(builder, "last_save_us", info->last_save_us);
		cli_json_int(builder, "disk_bytes", (gint64)info->disk_bytes);
		add_programs(builder, info);
		cli_json_string(builder, "problem", info->problem);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	cli_print_json(builder);
}

static int verb_list(Cli *cli, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) list = NULL;

	if (!cli_parse(&cli_verb_list, entries, FALSE, &argc, argv, 0, 1, error) ||
	    !cli_open(cli, error))
		return VKS_ERROR_USAGE;
	list = vks_list(cli->vks, argc > 1 ? argv[1] : NULL, options.programs, error);
	if (!list)
		return VKS_ERROR_FAILED;
	if (options.json)
		print_json(list);
	else if (list->len == 0)
		puts("no sessions; start one with: vksession run PROGRAM");
	else
		print_table(list);
	return 0;
}

const CliVerb cli_verb_list = {
	.name = "list",
	.arguments = "[OPTION...] [NAME]",
	.summary = "List sessions",
	.run = verb_list,
};
