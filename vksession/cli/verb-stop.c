/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

#define GRACE_MS 5000u

static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };

static int verb_stop(Cli *cli, int argc, char **argv, GError **error)
{
	if (!cli_parse(&cli_verb_stop, entries, FALSE, &argc, argv, 1, 1, error))
		return VKS_ERROR_USAGE;
	cli_progress("ending the programs", 0, 0, NULL);
	if (!cli_open(cli, error) || !cli_stop(cli, argv[1], GRACE_MS, error))
		return VKS_ERROR_FAILED;
	cli_progress_end();
	printf("session %s ended without a save\n", argv[1]);
	return 0;
}

const CliVerb cli_verb_stop = {
	.name = "stop",
	.arguments = "NAME",
	.summary = "End a session without saving it",
	.run = verb_stop,
};
