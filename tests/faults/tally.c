/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tally.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void tally_init(Tally *tally, const char *program, const char *arguments, int argc, char **argv)
{
	gint every = 1, jobs = 1;
	const GOptionEntry entries[] = {
		{ "every", 0, 0, G_OPTION_ARG_INT, &every, "Make only each Nth fault", "N" },
		{ "jobs", 0, 0, G_OPTION_ARG_INT, &jobs, "Run N scenarios at once", "N" },
		{ "verbose", 0, 0, G_OPTION_ARG_NONE, &tally->verbose, "Print each", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);
	g_autoptr(GError) error = NULL;

	*tally = (Tally){ .program = program };
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || every < 1 || jobs < 1) {
		fprintf(stderr, "%s: %s\n", program, error ? error->message : "N is 1 or more");
		exit(2);
	}
	tally->every = (guint)every;
	tally->jobs = (guint)jobs;
	tally->argc = argc;
	tally->argv = argv;
}

static gboolean wants(const Tally *tally, const char *name)
{
	for (int i = 1; i < tally->argc; i++) {
		if (strcmp(tally->argv[i], name) == 0)
			return TRUE;
	}
	return tally->argc < 2;
}

static void start(const Tally *tally, TallyRun run, const Scenario *scenario, Tally *shared)
{
	pid_t child = fork();

	if (child < 0)
		g_error("fork: %m");
	if (child > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	*shared = *tally;
	run(shared, scenario);
	exit(EXIT_SUCCESS);
}

static void wait_for_one(Tally *tally)
{
	int status;

	if (wait(&status) < 0)
		g_error("wait: %m");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
		printf("WRONG a scenario was not run to its end (status 0x%x)\n",
		       (unsigned int)status);
		fflush(stdout);
		tally->wrong++;
	}
}

void tally_scenarios(Tally *tally, TallyRun run)
{
	gsize bytes = n_scenarios * sizeof(Tally);
	Tally *each = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	guint running = 0;

	if (each == MAP_FAILED)
		g_error("mmap: %m");
	for (gsize i = 0; i < n_scenarios; i++) {
		if (!wants(tally, scenarios[i].name))
			continue;
		if (running == tally->jobs)
			wait_for_one(tally);
		else
			running++;
		start(tally, run, &scenarios[i], &each[i]);
	}
	for (; running > 0; running--)
		wait_for_one(tally);
	for (gsize i = 0; i < n_scenarios; i++) {
		tally->points += each[i].points;
		tally->lost += each[i].lost;
		tally->wrong += each[i].wrong;
		tally->aborted += each[i].aborted;
	}
	munmap(each, bytes);
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
