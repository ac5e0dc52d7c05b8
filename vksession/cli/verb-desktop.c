/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

/* The desktop's part may be left out where there is no desktop; it does the work and says so. */
static int run(Cli *cli, int argc, char **argv, GError **error)
{
	g_autofree char *program = cli->backend->libexec_path("vksession-menu-entry");

	execv(program, argv);
	g_set_error(error, VKS_ERROR, VKS_ERROR_UNSUPPORTED,
		    "the desktop's part can't be started (%s: %s); nothing was done; install the "
		    "package vksession-desktop",
		    program, g_strerror(errno));
	return VKS_ERROR_UNSUPPORTED;
}

const CliVerb cli_verb_desktop = {
	.name = "desktop",
	.arguments = "add [-s SESSION] PROGRAM | remove PROGRAM | list",
	.summary = "Make entries in the menu that start programs in sessions",
	.run = run,
};
