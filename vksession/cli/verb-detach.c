/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/verb.h"

static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };

static int verb_detach(Cli *cli, int argc, char **argv, GError **error)
{
	if (!cli_parse(&cli_verb_detach, entries, FALSE, &argc, argv, 0, 1, error))
		return VKS_ERROR_USAGE;
	if (!cli_open(cli, error) ||
	    !cli_detach(cli, argc > 1 ? argv[1] : VKS_DEFAULT_SESSION, error))
		return VKS_ERROR_FAILED;
	return 0;
}

const CliVerb cli_verb_detach = {
	.name = "detach",
	.arguments = "[NAME]",
	.summary = "Take the windows of a session off the display; its programs go on",
	.run = verb_detach,
};
