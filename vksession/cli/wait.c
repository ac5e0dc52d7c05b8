/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/cli/verb.h"

/* A cold start of a large program on a slow disk. */
#define WINDOW_TIMEOUT_MS 120000u

gboolean cli_wait_window(Cli *cli, const char *name, gboolean wait, double *seconds, GError **error)
{
	gint64 drawn_us = 0;

	*seconds = -1;
	if (!wait)
		return TRUE;
	cli_progress("waiting for the first window", 0, 0, NULL);
	if (!vks_wait_drawn(cli->vks, name, WINDOW_TIMEOUT_MS, &drawn_us, error))
		return FALSE;
	/* A window that had been there before is not what the time is of. */
	if (drawn_us >= cli->started_us)
		*seconds = (double)(drawn_us - cli->started_us) / G_USEC_PER_SEC;
	return TRUE;
}
