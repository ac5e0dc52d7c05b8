/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "vksession/cli/verb.h"

/* In the child: async-signal-safe functions only. */
static void detach(gpointer data)
{
	setsid();
	/*
	 * A little less than the caller, and no more: whoever saves meanwhile has to wait until it
	 * gives way, which takes some of its processor time.
	 */
	nice(5);
}

void cli_prune_in_background(const char *name)
{
	static const char self[] = "/proc/self/exe";
	g_autofree char *program = g_file_read_link(self, NULL);
	char *argv[] = { program, (char *)"prune", (char *)"--", (char *)name, NULL };

	/* It is only about space, and the next save asks for it again. */
	if (program && !g_getenv("VKSESSION_NO_BACKGROUND"))
		g_spawn_async(NULL, argv, NULL,
			      G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, detach, NULL,
			      NULL, NULL);
}
