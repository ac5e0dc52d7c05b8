/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "one-event.h"

#include <stdio.h>
#include <string.h>

#include "pm-hooks/power-service.h"
#include "pm-hooks/save-report.h"
#include "pm-hooks/saver.h"

struct waiting {
	GMainLoop *loop;
	const char *occasion;
	gboolean safe;
};

static void print_line(gboolean bad, const char *line)
{
	fprintf(bad ? stderr : stdout, "vksession-pm: %s\n", line);
}

static void on_saved(gpointer data, const struct saver_outcome *outcome)
{
	struct waiting *waiting = data;

	waiting->safe = save_report(outcome, waiting->occasion, print_line);
	g_main_loop_quit(waiting->loop);
}

static int find_occasion(const char *name)
{
	int occasion = 0;

	while (occasion < POWER_OCCASIONS &&
	       strcmp(name, power_event_name((enum power_event)occasion)) != 0)
		occasion++;
	return occasion;
}

int one_event(GDBusConnection *session_bus, const struct event_table *table, const char *name)
{
	struct waiting waiting = { .occasion = name };
	int occasion = find_occasion(name);
	Saver *saver;

	if (occasion == POWER_OCCASIONS) {
		fprintf(stderr, "vksession-pm: there is no event \"%s\"\n", name);
		return 2;
	}
	if (table->actions[occasion] == POWER_NOTHING)
		return 0;
	waiting.loop = g_main_loop_new(NULL, FALSE);
	saver = saver_new(session_bus);
	saver_save_all(saver, power_service_reason((enum power_event)occasion),
		       table->actions[occasion] == POWER_SAVE_STOP, 0, on_saved, &waiting);
	g_main_loop_run(waiting.loop);
	saver_free(saver);
	g_main_loop_unref(waiting.loop);
	return waiting.safe ? 0 : 1;
}
