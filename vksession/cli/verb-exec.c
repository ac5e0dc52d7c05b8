/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/wait.h>

#include "vksession/cli/verb.h"

static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };

/* As a shell gives it. */
static int exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int verb_exec(Cli *cli, int argc, char **argv, GError **error)
{
	g_auto(GStrv) environment = g_get_environ();
	g_autofree char *cwd = g_get_current_dir();
	VksRunOptions run = { .environment = (const char *const *)environment, .cwd = cwd };
	int status = 0;

	if (!cli_parse(&cli_verb_exec, entries, TRUE, &argc, argv, 2, G_MAXINT, error))
		return VKS_ERROR_USAGE;
	run.name = argv[1];
	run.argv = (const char *const *)argv + 2;
	if (!cli_open(cli, error) || !vks_exec(cli->vks, &run, &status, error))
		return VKS_ERROR_FAILED;
	return exit_status(status);
}

const CliVerb cli_verb_exec = {
	.name = "exec",
	.arguments = "NAME -- PROGRAM [ARGUMENT...]",
	.summary = "Run a program in a session, with this terminal's input and output",
	.run = verb_exec,
};
