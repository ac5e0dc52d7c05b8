/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean json;
} options;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

static void print(char *const *settings)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	for (; *settings; settings++) {
		g_auto(GStrv) pair = g_strsplit(*settings, "=", 2);

		if (options.json)
			cli_json_string(builder, pair[0], pair[1]);
		else
			puts(*settings);
	}
	json_builder_end_object(builder);
	if (options.json)
		cli_print_json(builder);
	else
		g_object_unref(builder);
}

static int verb_policy(Cli *cli, int argc, char **argv, GError **error)
{
	g_auto(GStrv) settings = NULL;

	if (!cli_parse(&cli_verb_policy, entries, FALSE, &argc, argv, 1, 64, error) ||
	    !cli_open(cli, error))
		return VKS_ERROR_USAGE;
	if (argc > 2 && !vks_set_policy(cli->vks, argv[1], (const char *const *)argv + 2, error))
		return VKS_ERROR_FAILED;
	settings = vks_get_policy(cli->vks, argv[1], error);
	if (!settings)
		return VKS_ERROR_FAILED;
	print(settings);
	return 0;
}

const CliVerb cli_verb_policy = {
	.name = "policy",
	.arguments = "[OPTION...] NAME [SETTING=VALUE...]",
	.summary = "Show or change which saves of a session are kept, and how they are made",
	.run = verb_policy,
};
