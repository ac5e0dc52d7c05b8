/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "vksession/cli/verb.h"

static struct {
	gboolean wait;
} options;

static const GOptionEntry entries[] = {
	{ "wait", 0, 0, G_OPTION_ARG_NONE, &options.wait,
	  "Return when the first window is drawn, and tell the time it took", NULL },
	G_OPTION_ENTRY_NULL,
};

static int verb_attach(Cli *cli, int argc, char **argv, GError **error)
{
	const char *name;
	double seconds;

	if (!cli_parse(&cli_verb_attach, entries, FALSE, &argc, argv, 0, 1, error))
		return VKS_ERROR_USAGE;
	name = argc > 1 ? argv[1] : VKS_DEFAULT_SESSION;
	if (!cli_open(cli, error) || !cli_attach(cli, name, g_getenv("DISPLAY"), error) ||
	    !cli_wait_window(cli, name, options.wait, &seconds, error))
		return VKS_ERROR_FAILED;
	cli_progress_end();
	if (seconds >= 0)
		printf("first window drawn after %.2f s\n", seconds);
	return 0;
}

const CliVerb cli_verb_attach = {
	.name = "attach",
	.arguments = "[OPTION...] [NAME]",
	.summary = "Show the windows of a running session on this display",
	.run = verb_attach,
};
