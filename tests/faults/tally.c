/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tally_init(Tally *tally, const char *program, const char *arguments, int argc, char **argv)
{
	gint every = 1;
	const GOptionEntry entries[] = {
		{ "every", 0, 0, G_OPTION_ARG_INT, &every, "Make only each Nth fault", "N" },
		{ "verbose", 0, 0, G_OPTION_ARG_NONE, &tally->verbose, "Print each", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);
	g_autoptr(GError) error = NULL;

	*tally = (Tally){ .program = program };
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || every < 1) {
		fprintf(stderr, "%s: %s\n", program, error ? error->message : "--every N");
		exit(2);
	}
	tally->every = (guint)every;
	tally->argc = argc;
	tally->argv = argv;
}

gboolean tally_wants(const Tally *tally, const char *name)
{
	for (int i = 1; i < tally->argc; i++) {
		if (strcmp(tally->argv[i], name) == 0)
			return TRUE;
	}
	return tally->argc < 2;
}

int tally_end(const Tally *tally)
{
	if (tally->aborted > 0)
		printf("%u times the process ended itself\n", tally->aborted);
	if (tally->wrong > 0)
		printf("%u times something was wrong\n", tally->wrong);
	printf("%u fault points, %u saves lost\n", tally->points, tally->lost);
	return tally->lost || tally->wrong || tally->points == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
