/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window-time.h"

#include <sys/wait.h>

#include "tests/harness/windows.h"

#define WINDOW_MS 120000

double time_to_window(struct person *person, const char *const *argv, const char *title,
		      pid_t *running)
{
	gint64 start = g_get_monotonic_time();
	pid_t pid = start_process(argv, person->environment, -1, person->log);
	bool came = window_wait(&person->x, title, NULL, WINDOW_MS);
	double seconds = (double)(g_get_monotonic_time() - start) / 1e6;

	if (!came)
		g_error("no window '%s' after '%s %s'", title, argv[0], argv[1]);
	if (running)
		*running = pid;
	else
		waitpid(pid, NULL, 0);
	return seconds;
}
