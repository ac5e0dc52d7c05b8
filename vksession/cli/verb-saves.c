/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/saves-output.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static int verb_saves(Cli *cli, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) saves = NULL;

	if (!cli_parse(&cli_verb_saves, entries, FALSE, &argc, argv, 1, 1, error) ||
	    !cli_open(cli, error))
		return VKS_ERROR_USAGE;
	saves = vks_list_saves(cli->vks, argv[1], error);
	if (!saves)
		return VKS_ERROR_FAILED;
	if (options.json)
		cli_print_saves_json(saves);
	else if (saves->len == 0)
		printf("session %s has no saves; make one with: vksession save %s\n", argv[1],
		       argv[1]);
	else
		cli_print_saves(saves);
	return 0;
}

const CliVerb cli_verb_saves = {
	.name = "saves",
	.arguments = "[OPTION...] NAME",
	.summary = "List the saves of a session",
	.run = verb_saves,
};
