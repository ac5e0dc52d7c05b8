/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

/* ioprio_set(2): the idle class, for the calling process. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE	   (3 << 13)

/* In the child: async-signal-safe functions only. */
static void detach(gpointer data)
{
	setsid();
	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
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
