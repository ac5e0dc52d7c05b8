/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static void print_json(const char *name, const VksPruneResult *result)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "removed", result->removed);
	cli_json_int(builder, "consolidated", result->consolidated);
	cli_json_int(builder, "freed_bytes", (gint64)result->freed_bytes);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static int verb_prune(Cli *cli, int argc, char **argv, GError **error)
{
	VksPruneResult result = { 0 };
	g_autofree char *freed = NULL;
	const char *name;

	if (!cli_parse(&cli_verb_prune, entries, FALSE, &argc, argv, 0, 1, error))
		return VKS_ERROR_USAGE;
	name = argc > 1 ? argv[1] : VKS_DEFAULT_SESSION;
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !vks_prune(cli->vks, name, &cli->control, &result, error))
		return VKS_ERROR_FAILED;
	cli_progress_end();
	freed = cli_format_size(result.freed_bytes);
	if (options.json)
		print_json(name, &result);
	else
		printf("session %s: removed %u, rewrote %u, freed %s\n", name, result.removed,
		       result.consolidated, freed);
	return 0;
}

const CliVerb cli_verb_prune = {
	.name = "prune",
	.arguments = "[OPTION...] [NAME]",
	.summary = "Remove the saves that the policy does not keep",
	.run = verb_prune,
};
