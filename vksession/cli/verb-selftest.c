/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "launcher/launcher.h"
#include "vksession/cli/verb.h"
#include "vksession/selftest/break.h"
#include "vksession/selftest/selftest.h"

#define DEFAULT_CYCLES 3
#define MAX_RUNS       8
#define MAX_CYCLES     100000
#define MAX_CPUS       64
#define MAX_STRESS_S   (30 * 86400)

static struct {
	gboolean list, live, stop, quick, json;
	char **only;
	int cycles, cpus, stress, seed;
	char **broken, **parameters;
} options;

static const GOptionEntry entries[] = {
	{ "list", 0, 0, G_OPTION_ARG_NONE, &options.list, "List the states, test nothing", NULL },
	{ "only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.only,
	  "Only this state; may be a pattern, and be given several times", "NAME" },
	{ "live", 0, 0, G_OPTION_ARG_NONE, &options.live, "Only live saves", NULL },
	{ "stop", 0, 0, G_OPTION_ARG_NONE, &options.stop, "Only saves that end the guest", NULL },
	{ "quick", 0, 0, G_OPTION_ARG_NONE, &options.quick,
	  "With the settings short-pause and quick-thaw, in a guest without a disk", NULL },
	{ "cycles", 0, 0, G_OPTION_ARG_INT, &options.cycles, "Saves in a row before the check",
	  "N" },
	{ "cpus", 0, 0, G_OPTION_ARG_INT, &options.cpus, "Processors of the guest", "N" },
	{ "stress", 0, 0, G_OPTION_ARG_INT, &options.stress, "Save at random moments for so long",
	  "SECONDS" },
	{ "seed", 0, 0, G_OPTION_ARG_INT, &options.seed,
	  "Choose what is random as the run that told this", "N" },
	{ "break", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.broken,
	  "Damage a part of what is saved, to see the test fail; may be given several times",
	  "PART" },
	{ "kernel-parameter", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.parameters,
	  "For the command line of the vkernel; may be given several times", "PARAMETER" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
	G_OPTION_ENTRY_NULL,
};

/* What results are shown with while they come. */
typedef struct {
	JsonBuilder *builder; /* NULL: as text */
} Output;

/* @return the parts to be damaged, NULL-terminated; NULL with error */
static GPtrArray *choose_parts(GError **error)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new();

	for (char **name = options.broken; name && *name; name++) {
		const SelftestPart *part = selftest_part_find(*name);
		g_autofree char *what = NULL;

		if (!part) {
			what = g_strdup_printf("there is no part %s", *name);
			cli_set_usage(&cli_verb_selftest, what, error);
			return NULL;
		}
		g_ptr_array_add(parts, (gpointer)part);
	}
	g_ptr_array_add(parts, NULL);
	return g_steal_pointer(&parts);
}

static gboolean check_options(GError **error)
{
	const struct {
		const char *name;
		int value, most;
	} numbers[] = {
		{ "--cycles", options.cycles, MAX_CYCLES },
		{ "--cpus", options.cpus, MAX_CPUS },
		{ "--stress", options.stress, MAX_STRESS_S },
		{ "--seed", options.seed, G_MAXINT32 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *what = NULL;

		if (numbers[i].value >= 0 && numbers[i].value <= numbers[i].most)
			continue;
		what = g_strdup_printf("%s takes a number up to %d", numbers[i].name,
				       numbers[i].most);
		cli_set_usage(&cli_verb_selftest, what, error);
		return FALSE;
	}
	return TRUE;
}

static int list_states(GError **error)
{
	static const char *const headings[] = { "STATE", "WHAT IS LOOKED AT", NULL };
	g_autoptr(GPtrArray) states = selftest_list(error);
	JsonBuilder *builder;
	CliTable *table;

	if (!states)
		return VKS_ERROR_UNSUPPORTED;
	if (!options.json) {
		table = cli_table_new(headings);
		for (guint i = 0; i < states->len; i++) {
			const SelftestState *state = states->pdata[i];
			char *cells[] = { g_strdup(state->name), g_strdup(state->summary) };

			cli_table_add(table, cells);
		}
		cli_table_print(table);
		return 0;
	}
	builder = json_builder_new();
	json_builder_begin_array(builder);
	for (guint i = 0; i < states->len; i++) {
		const SelftestState *state = states->pdata[i];

		json_builder_begin_object(builder);
		cli_json_string(builder, "state", state->name);
		cli_json_string(builder, "summary", state->summary);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	cli_print_json(builder);
	return 0;
}

static void print_result(const SelftestResult *result, gpointer user_data)
{
	const Output *output = user_data;
	const SelftestRun *run = result->run;

	if (output->builder) {
		json_builder_begin_object(output->builder);
		cli_json_string(output->builder, "state", result->state);
		cli_json_string(output->builder, "mode", selftest_mode_name(run->mode));
		cli_json_int(output->builder, "cycles", run->cycles);
		cli_json_int(output->builder, "cpus", run->cpus);
		cli_json_string(output->builder, "result", result->outcome);
		cli_json_string(output->builder, "cause", *result->cause ? result->cause : NULL);
		json_builder_end_object(output->builder);
		return;
	}
	cli_progress_end();
	printf("%-7s x%u %u-cpu  %-7s  %s%s%s\n", selftest_mode_name(run->mode), run->cycles,
	       run->cpus, strcmp(result->outcome, "failed") ? result->outcome : "FAILED",
	       result->state, *result->cause ? ": " : "", result->cause);
	fflush(stdout);
}

static void show_progress(const char *stage, gpointer user_data)
{
	cli_progress(stage, 0, 0, user_data);
}

/* The runs that show what is damaged. @return how many */
static guint choose_broken_runs(const GPtrArray *parts, guint cpus, SelftestRun *runs)
{
	gboolean once = FALSE, twice = FALSE;
	guint count = 0;

	for (guint i = 0; parts->pdata[i]; i++) {
		const SelftestPart *part = parts->pdata[i];

		once |= !part->twice;
		twice |= part->twice;
	}
	if (once)
		runs[count++] = (SelftestRun){ SELFTEST_STOP, 1, cpus };
	if (twice)
		runs[count++] = (SelftestRun){ SELFTEST_TWICE, 1, cpus };
	return count;
}

/* The runs that the options ask for. @return how many */
static guint choose_runs(const GPtrArray *parts, SelftestRun *runs)
{
	guint cycles = options.cycles ? (guint)options.cycles : DEFAULT_CYCLES;
	guint cpus = options.cpus ? (guint)options.cpus : 1;
	guint count = 0;

	if (options.broken)
		return choose_broken_runs(parts, cpus, runs);
	if (options.live || options.stop) {
		cycles = options.cycles ? cycles : 1;
		if (options.live)
			runs[count++] = (SelftestRun){ SELFTEST_LIVE, cycles, cpus };
		if (options.stop)
			runs[count++] = (SelftestRun){ SELFTEST_STOP, cycles, cpus };
		return count;
	}
	runs[count++] = (SelftestRun){ SELFTEST_CONTROL, 0, cpus };
	runs[count++] = (SelftestRun){ SELFTEST_LIVE, 1, cpus };
	runs[count++] = (SelftestRun){ SELFTEST_STOP, 1, cpus };
	runs[count++] = (SelftestRun){ SELFTEST_STOP, cycles, cpus };
	runs[count++] = (SelftestRun){ SELFTEST_TWICE, 1, cpus };
	/* The engine has paths of its own for more than one processor. */
	if (!options.cpus && vk_launcher_max_cpus() > 1)
		runs[count++] = (SelftestRun){ SELFTEST_STOP, 1, 2 };
	return count;
}

static void print_summary(const SelftestSummary *summary, JsonBuilder *builder)
{
	if (!builder) {
		printf("%u passed, %u failed, %u skipped; %u saves, longest pause of a live one "
		       "%.1f ms\n",
		       summary->passed, summary->failed, summary->skipped, summary->saves,
		       (double)summary->pause_us / 1000);
		if (options.stress)
			printf("the same choices again: --seed %d\n", options.seed);
		return;
	}
	json_builder_end_array(builder);
	cli_json_int(builder, "passed", summary->passed);
	cli_json_int(builder, "failed", summary->failed);
	cli_json_int(builder, "skipped", summary->skipped);
	cli_json_int(builder, "saves", summary->saves);
	cli_json_int(builder, "pause_us", (gint64)summary->pause_us);
	if (options.stress)
		cli_json_int(builder, "seed", options.seed);
	cli_json_string(builder, "log", summary->log);
	json_builder_end_object(builder);
	cli_print_json(builder);
}

static int run_states(Cli *cli, const GPtrArray *parts, GError **error)
{
	SelftestRun runs[MAX_RUNS];
	Output output = { .builder = options.json ? json_builder_new() : NULL };
	SelftestSummary summary;
	SelftestOptions selftest = {
		.only = (const char *const *)options.only,
		.runs = runs,
		.n_runs = choose_runs(parts, runs),
		.stress_seconds = (guint)options.stress,
		.seed = (guint32)options.seed,
		.cpus = options.cpus ? (guint)options.cpus : 1,
		.broken = (const SelftestPart *const *)parts->pdata,
		.quick = options.quick,
		.parameters = (const char *const *)options.parameters,
		.result = print_result,
		.progress = show_progress,
		.user_data = &output,
		.cancellable = cli->control.cancellable,
	};
	g_autoptr(GError) cause = NULL;

	if (output.builder) {
		json_builder_begin_object(output.builder);
		json_builder_set_member_name(output.builder, "results");
		json_builder_begin_array(output.builder);
	}
	if (!selftest_run(&selftest, &summary, &cause)) {
		g_clear_object(&output.builder);
		if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
			cli_set_usage(&cli_verb_selftest, cause->message, error);
		else
			vks_error_complete(error, g_steal_pointer(&cause),
					   "no session was touched; see: vksession doctor");
		return VKS_ERROR_FAILED;
	}
	print_summary(&summary, output.builder);
	if (summary.failed)
		g_set_error(error, VKS_ERROR, VKS_ERROR_FAILED,
			    "%u of %u checks failed; no session was touched; the guests' console "
			    "is in %s",
			    summary.failed, summary.failed + summary.passed, summary.log);
	g_free(summary.log);
	return 0;
}

static int verb_selftest(Cli *cli, int argc, char **argv, GError **error)
{
	g_autoptr(GPtrArray) parts = NULL;

	if (!cli_parse(&cli_verb_selftest, entries, FALSE, &argc, argv, 0, 0, error) ||
	    !check_options(error) || !(parts = choose_parts(error)))
		return VKS_ERROR_USAGE;
	if (options.list)
		return list_states(error);
	if (!options.seed)
		options.seed = g_random_int_range(1, G_MAXINT32);
	cli_catch_interrupts(cli->control.cancellable);
	return run_states(cli, parts, error);
}

const CliVerb cli_verb_selftest = {
	.name = "selftest",
	.arguments = "[OPTION...]",
	.summary = "Test whether all states of programs survive a save on this machine",
	.run = verb_selftest,
};
