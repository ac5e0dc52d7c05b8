/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * choose states  - vkstates itself tells which there are.
 * perform        - For each run: a fresh guest; its conductor begins all states; the saves of the
 *                  run (act); the conductor has all states check themselves; the guest is ended.
 *                  What the conductor answers are the results.
 * A guest that does not start, can't be saved or does not thaw is the result of a state "guest",
 * and the next run begins with a new one.
 */
#include "vksession/selftest/selftest.h"

#include <string.h>

#include "vksession/selftest/guest.h"

/* Long enough that no clock's reading is the same by chance, and timers of states expire in it. */
#define DOWN_US 1200000

#define STRESS_ROUND_S	    30
#define STRESS_MOST_WAIT_US 1500000

/* From so many saves in a row on, it is looked whether anything grows, from when the guest's
   programs have settled; what they do all the time makes some of both come and go. */
#define GROWTH_CYCLES	 6
#define SETTLED_CYCLE	 2u
#define MORE_DESCRIPTORS 6
#define MORE_BYTES	 (64ULL << 20)

/** What must not become more. */
typedef struct {
	guint descriptors;
	guint64 bytes; /* in a save */
} Size;

typedef struct {
	const SelftestOptions *options;
	SelftestSummary *summary;
	SelftestGuest *guest;
	GPtrArray *states; /* names, those that were chosen */
	const SelftestRun *run;
} Selftest;

static void free_state(gpointer data)
{
	SelftestState *state = data;

	g_free(state->name);
	g_free(state->summary);
	g_free(state);
}

const char *selftest_mode_name(SelftestMode mode)
{
	static const char *const names[SELFTEST_MODES] = { "control", "live", "stop" };

	return names[mode];
}

GPtrArray *selftest_list(GError **error)
{
	g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(free_state);
	g_autofree char *program = vk_libexec_path("vkstates");
	char *argv[] = { program, (char *)"list", NULL };
	g_autofree char *output = NULL;
	g_auto(GStrv) lines = NULL;
	int status;

	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status,
			  NULL) ||
	    !g_spawn_check_wait_status(status, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "%s (of package vksession) can't be run", program);
		return NULL;
	}
	lines = g_strsplit(output, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 2);
		SelftestState *state;

		if (g_strv_length(fields) != 2)
			continue;
		state = g_new0(SelftestState, 1);
		state->name = g_steal_pointer(&fields[0]);
		state->summary = g_strdup(fields[1]);
		g_ptr_array_add(states, state);
	}
	return g_steal_pointer(&states);
}

/* ---- choose states ---- */

/* "pipe", "file-*" and, for states with places, the name without the place. */
static gboolean is_meant(const char *name, const char *wanted)
{
	gsize length = strcspn(name, "@");

	return g_pattern_match_simple(wanted, name) ||
	       (strlen(wanted) == length && strncmp(wanted, name, length) == 0);
}

static gboolean choose_states(Selftest *test, GError **error)
{
	g_autoptr(GPtrArray) all = selftest_list(error);
	const char *const *only = test->options->only;

	if (!all)
		return FALSE;
	for (guint i = 0; i < all->len; i++) {
		const SelftestState *state = all->pdata[i];
		gboolean wanted = !only || !*only;

		for (const char *const *name = only; !wanted && *name; name++)
			wanted = is_meant(state->name, *name);
		if (wanted)
			g_ptr_array_add(test->states, g_strdup(state->name));
	}
	if (test->states->len > 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "there is no state %s",
		    only ? *only : "");
	return FALSE;
}

/* ---- results ---- */

static void give_result(Selftest *test, const char *state, const char *outcome, const char *cause)
{
	SelftestResult result = {
		.run = test->run, .state = state, .outcome = outcome, .cause = cause
	};

	if (strcmp(outcome, "ok") == 0)
		test->summary->passed++;
	else if (strcmp(outcome, "skipped") == 0)
		test->summary->skipped++;
	else
		test->summary->failed++;
	test->options->result(&result, test->options->user_data);
}

/* "OUTCOME STATE CAUSE" lines; "ready" is no result yet. */
static void give_answer(Selftest *test, const char *answer)
{
	g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 3);

		if (g_strv_length(words) == 3 && strcmp(words[0], "ready") != 0)
			give_result(test, words[1], words[0], g_strstrip(words[2]));
	}
}

static void report(const Selftest *test, const char *what)
{
	const SelftestRun *run = test->run;
	g_autofree char *stage = g_strdup_printf("%s (%s, %u in a row, %u CPU)", what,
						 selftest_mode_name(run->mode), run->cycles,
						 run->cpus);

	if (test->options->progress)
		test->options->progress(stage, test->options->user_data);
}

/* ---- growth ---- */

static void check_growth(Selftest *test, const Size *early, const Size *late)
{
	g_autofree char *cause = NULL;

	if (late->descriptors > early->descriptors + MORE_DESCRIPTORS)
		cause = g_strdup_printf("%u descriptors after save %u, %u at the end",
					early->descriptors, SETTLED_CYCLE + 1, late->descriptors);
	else if (late->bytes > early->bytes + MORE_BYTES)
		cause = g_strdup_printf("save %u had %" G_GUINT64_FORMAT
					" bytes, the last one %" G_GUINT64_FORMAT,
					SETTLED_CYCLE + 1, early->bytes, late->bytes);
	give_result(test, "growth", cause ? "failed" : "ok", cause ? cause : "");
}

/* ---- perform ---- */

static gboolean begin(Selftest *test, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *answer = NULL;

	report(test, "setting up");
	g_ptr_array_add(words, (gpointer) "begin");
	g_ptr_array_add(words, test->guest->shared);
	for (guint i = 0; i < test->states->len; i++)
		g_ptr_array_add(words, test->states->pdata[i]);
	g_ptr_array_add(words, NULL);
	answer = selftest_guest_ask(test->guest, (const char *const *)words->pdata, error);
	if (!answer)
		return FALSE;
	give_answer(test, answer);
	return TRUE;
}

static gboolean check(Selftest *test, GError **error)
{
	static const char *const words[] = { "check", NULL };
	g_autofree char *answer = NULL;

	report(test, "checking");
	answer = selftest_guest_ask(test->guest, words, error);
	if (!answer)
		return FALSE;
	give_answer(test, answer);
	return TRUE;
}

static gboolean save_live(Selftest *test, VkCheckpointStats *stats, GError **error)
{
	if (!selftest_guest_save(test->guest, stats, error))
		return FALSE;
	test->summary->pause_us =
		MAX(test->summary->pause_us, stats->quiesce_us + stats->dump_us + stats->resume_us);
	test->summary->saves++;
	return TRUE;
}

static gboolean save_stop(Selftest *test, gulong down_us, VkCheckpointStats *stats, GError **error)
{
	if (!selftest_guest_stop_and_thaw(test->guest, down_us, stats, error))
		return FALSE;
	test->summary->saves++;
	return TRUE;
}

static gboolean is_interrupted(const Selftest *test, GError **error)
{
	return g_cancellable_set_error_if_cancelled(test->options->cancellable, error);
}

static gboolean save_once(Selftest *test, gboolean first, Size *size, GError **error)
{
	VkCheckpointStats stats = { 0 };
	gboolean ok = test->run->mode == SELFTEST_LIVE
			      ? save_live(test, &stats, error)
			      : save_stop(test, first ? DOWN_US : 0, &stats, error);

	size->descriptors = selftest_guest_descriptors(test->guest);
	size->bytes = stats.memory_bytes;
	return ok;
}

/* What the run does to the guest. */
static gboolean act(Selftest *test, GError **error)
{
	Size early = { 0 }, late = { 0 };

	for (guint i = 0; i < test->run->cycles; i++) {
		if (is_interrupted(test, error))
			return FALSE;
		report(test, "saving");
		if (!save_once(test, i == 0, &late, error))
			return FALSE;
		if (i == SETTLED_CYCLE)
			early = late;
	}
	if (test->run->cycles >= GROWTH_CYCLES)
		check_growth(test, &early, &late);
	return TRUE;
}

/* Saves at random moments for a time, once at least. */
static gboolean disturb(Selftest *test, gint64 us, GRand *random, GError **error)
{
	gint64 end_us = g_get_monotonic_time() + us;
	VkCheckpointStats stats;

	do {
		if (is_interrupted(test, error))
			return FALSE;
		report(test, "under load");
		g_usleep((gulong)g_rand_int_range(random, 0, STRESS_MOST_WAIT_US));
		if (g_rand_boolean(random) ? !save_live(test, &stats, error)
					   : !save_stop(test, 0, &stats, error))
			return FALSE;
	} while (g_get_monotonic_time() < end_us);
	return TRUE;
}

/* A guest that fails is a result, not an error. */
static void perform(Selftest *test, const SelftestRun *run, gint64 stress_us, GRand *random)
{
	g_autoptr(GError) cause = NULL;

	test->run = run;
	test->guest->cpus = run->cpus;
	report(test, "starting");
	if (!selftest_guest_start(test->guest, &cause) || !begin(test, &cause) ||
	    !(random ? disturb(test, stress_us, random, &cause) : act(test, &cause)) ||
	    !check(test, &cause)) {
		if (!is_interrupted(test, NULL))
			give_result(test, "guest", "failed", cause->message);
	}
	selftest_guest_end(test->guest);
	test->run = NULL;
}

static gboolean perform_all(Selftest *test, GError **error)
{
	const SelftestOptions *options = test->options;

	for (guint i = 0; i < options->n_runs; i++) {
		perform(test, &options->runs[i], 0, NULL);
		if (is_interrupted(test, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean stress(Selftest *test, GError **error)
{
	const SelftestRun run = { .mode = SELFTEST_STOP, .cycles = 1, .cpus = test->options->cpus };
	gint64 end_us =
		g_get_monotonic_time() + (gint64)test->options->stress_seconds * G_USEC_PER_SEC;
	g_autoptr(GRand) random = g_rand_new();

	for (gint64 left_us = 1; left_us > 0; left_us = end_us - g_get_monotonic_time()) {
		gint64 round_us =
			MIN(end_us - g_get_monotonic_time(), STRESS_ROUND_S * G_USEC_PER_SEC);

		perform(test, &run, round_us, random);
		if (is_interrupted(test, error))
			return FALSE;
	}
	return TRUE;
}

/* Whatever is being waited for in the guest, its end ends the wait. */
static void end_guest(GCancellable *cancellable, gpointer data)
{
	selftest_guest_kill(data);
}

gboolean selftest_run(const SelftestOptions *options, SelftestSummary *summary, GError **error)
{
	g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(g_free);
	Selftest test = { .options = options, .summary = summary, .states = states };
	gulong handler = 0;
	gboolean ok;

	*summary = (SelftestSummary){ 0 };
	if (!choose_states(&test, error))
		return FALSE;
	test.guest = selftest_guest_new(error);
	if (!test.guest)
		return FALSE;
	test.guest->break_part = options->break_part;
	if (options->cancellable)
		handler = g_cancellable_connect(options->cancellable, G_CALLBACK(end_guest),
						test.guest, NULL);
	ok = options->stress_seconds ? stress(&test, error) : perform_all(&test, error);
	g_cancellable_disconnect(options->cancellable, handler);
	if (summary->failed)
		summary->log = g_strdup(test.guest->log);
	selftest_guest_free(test.guest, summary->failed != 0);
	return ok;
}
