/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean detach;
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "detach", 0, 0, G_OPTION_ARG_NONE, &options.detach, "Show no windows", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	CLI_PASSPHRASE_FD_OPTION,
	G_OPTION_ENTRY_NULL,
};

static void print(const char *name, const VksRollbackResult *result)
{
	JsonBuilder *builder;

	cli_progress_end();
	if (!options.json) {
		printf("session %s is back at save %u\n", name, result->number);
		if (result->undo)
			printf("what ran before is save %u; to undo: vksession rollback %s %u\n",
			       result->undo, name, result->undo);
		return;
	}
	builder = json_builder_new();
	json_builder_begin_object(builder);
	cli_json_string(builder, "session", name);
	cli_json_int(builder, "save", result->number);
	cli_json_int(builder, "undo", result->undo);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static int verb_rollback(Cli *cli, int argc, char **argv, GError **error)
{
	VksRollbackOptions rollback = { 0 };
	VksRollbackResult result = { 0 };

	if (!cli_parse(&cli_verb_rollback, entries, FALSE, &argc, argv, 2, 2, error) ||
	    !cli_parse_number(argv[2], &rollback.number, error))
		return VKS_ERROR_USAGE;
	rollback.name = argv[1];
	rollback.detach = options.detach;
	rollback.display = g_getenv("DISPLAY");
	cli_catch_interrupts(cli->control.cancellable);
	if (!cli_open(cli, error) || !cli_rollback(cli, &rollback, &result, error))
		return VKS_ERROR_FAILED;
	cli_prune_in_background(rollback.name);
	print(rollback.name, &result);
	return 0;
}

const CliVerb cli_verb_rollback = {
	.name = "rollback",
	.arguments = "[OPTION...] NAME NUMBER",
	.summary = "Go back to a save; what runs is saved first",
	.run = verb_rollback,
};
