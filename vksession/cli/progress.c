/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vksession/cli/verb.h"

/* What takes less than this needs no progress. */
#define SILENT_US  (G_USEC_PER_SEC / 4)
#define REFRESH_US (G_USEC_PER_SEC / 10)

static struct {
	gint64 first_us; /* when the work began; 0: nothing reported yet */
	gint64 shown_us; /* when the line was last drawn; 0: never */
} line;

void cli_progress(const char *stage, guint64 done, guint64 total, gpointer user_data)
{
	gint64 now = g_get_monotonic_time();

	if (!line.first_us)
		line.first_us = now;
	if (!isatty(STDERR_FILENO) || now - line.first_us < SILENT_US ||
	    (total && now - line.shown_us < REFRESH_US))
		return;
	line.shown_us = now;
	if (total)
		fprintf(stderr, "\r%s: %u %%\033[K", stage,
			(unsigned int)(MIN(done, total) * 100 / total));
	else
		fprintf(stderr, "\r%s ...\033[K", stage);
	fflush(stderr);
}

void cli_progress_end(void)
{
	if (line.shown_us)
		fputs("\r\033[K", stderr);
	line.shown_us = 0;
}
