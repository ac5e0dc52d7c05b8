/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * choose states  - vkstates itself tells which there are.
 * perform        - For each run: a fresh guest; its conductor begins all states; the saves of the
 *                  run (act); the conductor has all states check themselves; the guest is ended.
 *                  What the conductor answers are the results; a state without one has failed.
 * Where a save is thawed twice, the states check themselves in both thaws, and what they told in
 * the first is compared with what they tell in the second.
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

/* From so many saves in a row on, it is looked whether anything grows, once the guest's programs
   have settled. */
#define GROWTH_CYCLES  6
#define SETTLED_CYCLES 2u

/*
 * What may be more in the later half of a run than in the earlier one. At any time there may be up
 * to three programs that live for a moment only (in the loops of process-fork-loop and
 * process-exec-loop): a descriptor for each, and its pages.
 */
static const struct {
	const char *what;
	guint64 slack;
} sizes[] = {
	[SELFTEST_DESCRIPTORS] = { "descriptors", 3 },
	[SELFTEST_OWN_KIB] = { "KiB of the vkernel's own memory", 32 },
	[SELFTEST_SAVE_KIB] = { "KiB in a save", 2048 },
};

typedef struct {
	const SelftestOptions *options;
	SelftestSummary *summary;
	SelftestGuest *guest;
	GPtrArray *states; /* of SelftestState, those that were chosen */
	const SelftestRun *run;
	guint thaws;	     /* of the guest */
	GHashTable *awaited; /* names of the states that have no result in this run yet */
	GHashTable *told;    /* by name of the state, what it told in the first thaw */
} Selftest;

static void free_state(gpointer data)
{
	SelftestState *state = data;

	if (!state)
		return;
	g_free(state->name);
	g_free(state->summary);
	g_free(state);
}

const char *selftest_mode_name(SelftestMode mode)
{
	static const char *const names[SELFTEST_MODES] = { "control", "live", "stop", "twice" };

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
		g_auto(GStrv) fields = g_strsplit(*line, "\t", 3);
		SelftestState *state;

		if (g_strv_length(fields) != 3)
			continue;
		state = g_new0(SelftestState, 1);
		state->name = g_steal_pointer(&fields[0]);
		state->tells = strcmp(fields[1], "tells") == 0;
		state->summary = g_strdup(fields[2]);
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
		SelftestState *state = all->pdata[i];
		gboolean wanted = !only || !*only;

		for (const char *const *name = only; !wanted && *name; name++)
			wanted = is_meant(state->name, *name);
		if (wanted)
			g_ptr_array_add(test->states, g_steal_pointer(&all->pdata[i]));
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
	g_hash_table_remove(test->awaited, state);
	test->options->result(&result, test->options->user_data);
}

/* What a state told in two thaws. */
static void give_comparison(Selftest *test, const char *state, const char *first,
			    const char *second)
{
	g_auto(GStrv) before = g_strsplit(first, " ", -1);
	g_auto(GStrv) now = g_strsplit(second, " ", -1);

	for (char **word = now; *word; word++) {
		g_autofree char *cause = NULL;

		if (!g_strv_contains((const char *const *)before, *word))
			continue;
		cause = g_strdup_printf("two thaws of one save both have %s", *word);
		give_result(test, state, "failed", cause);
		return;
	}
	give_result(test, state, "ok", "");
}

/* text: the cause, or what a state tells. */
static void give_outcome(Selftest *test, const char *state, const char *outcome, const char *text)
{
	const char *first = g_hash_table_lookup(test->told, state);
	gboolean ok = strcmp(outcome, "ok") == 0;

	if (strcmp(outcome, "ready") == 0)
		return;
	if (!ok)
		give_result(test, state, outcome, text);
	else if (test->run->mode != SELFTEST_TWICE)
		give_result(test, state, outcome, "");
	else if (first)
		give_comparison(test, state, first, text);
	else
		g_hash_table_insert(test->told, g_strdup(state), g_strdup(text));
}

/* Lines "OUTCOME STATE TEXT". */
static void give_answer(Selftest *test, const char *answer)
{
	g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 3);

		if (g_strv_length(words) == 3)
			give_outcome(test, words[1], words[0], g_strstrip(words[2]));
	}
}

/* Whatever is still awaited, nothing was heard of. */
static void give_lost(Selftest *test)
{
	g_autofree gpointer *names = g_hash_table_get_keys_as_array(test->awaited, NULL);

	for (gpointer *name = names; *name; name++) {
		g_autofree char *state = g_strdup(*name);

		give_result(test, state, "failed", "was lost: it gives no result");
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

/* @return the least of one size, of the measurements from first to before end */
static guint64 least(const GArray *measured, gsize which, guint first, guint end)
{
	guint64 value = G_MAXUINT64;

	for (guint i = first; i < end; i++)
		value = MIN(value, g_array_index(measured, SelftestSize, i).of[which]);
	return value;
}

static void check_growth(Selftest *test, const GArray *measured)
{
	guint middle = (SETTLED_CYCLES + measured->len) / 2;
	g_autoptr(GString) figures = g_string_new(NULL);
	gboolean grown = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
		guint64 early = least(measured, i, SETTLED_CYCLES, middle);
		guint64 late = least(measured, i, middle, measured->len);

		grown |= late > early + sizes[i].slack;
		g_string_append_printf(figures,
				       "%s%" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT " %s",
				       i ? ", " : "at least ", early, late, sizes[i].what);
	}
	g_string_append_printf(figures, " in the earlier and in the later half of %u saves",
			       measured->len);
	give_result(test, "growth", grown ? "failed" : "ok", figures->str);
}

/* ---- perform ---- */

static gboolean begin(Selftest *test, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *answer = NULL;

	report(test, "setting up");
	g_ptr_array_add(words, (gpointer) "begin");
	g_ptr_array_add(words, test->guest->shared);
	for (guint i = 0; i < test->states->len; i++) {
		const SelftestState *state = test->states->pdata[i];

		if (test->run->mode == SELFTEST_TWICE && !state->tells)
			continue;
		g_ptr_array_add(words, state->name);
		g_hash_table_add(test->awaited, g_strdup(state->name));
	}
	g_ptr_array_add(words, NULL);
	answer = selftest_guest_ask(test->guest, (const char *const *)words->pdata, error);
	if (!answer)
		return FALSE;
	give_answer(test, answer);
	return TRUE;
}

static gboolean check(Selftest *test, GError **error)
{
	g_autofree char *thaws = g_strdup_printf("%u", test->thaws);
	const char *const words[] = { "check", thaws, NULL };
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
	if (!selftest_guest_stop(test->guest, stats, error))
		return FALSE;
	g_usleep(down_us);
	if (!selftest_guest_thaw(test->guest, error))
		return FALSE;
	test->summary->saves++;
	test->thaws++;
	return TRUE;
}

static gboolean is_interrupted(const Selftest *test, GError **error)
{
	return g_cancellable_set_error_if_cancelled(test->options->cancellable, error);
}

static gboolean save_once(Selftest *test, gboolean first, SelftestSize *size, GError **error)
{
	VkCheckpointStats stats = { 0 };
	gboolean ok = test->run->mode == SELFTEST_LIVE
			      ? save_live(test, &stats, error)
			      : save_stop(test, first ? DOWN_US : 0, &stats, error);

	selftest_guest_measure(test->guest, size);
	size->of[SELFTEST_SAVE_KIB] = stats.memory_bytes >> 10;
	return ok;
}

/* What the run does to the guest. */
static gboolean act(Selftest *test, GError **error)
{
	g_autoptr(GArray) measured = g_array_new(FALSE, FALSE, sizeof(SelftestSize));

	for (guint i = 0; i < test->run->cycles; i++) {
		SelftestSize size = { { 0 } };

		if (is_interrupted(test, error))
			return FALSE;
		report(test, "saving");
		if (!save_once(test, i == 0, &size, error))
			return FALSE;
		g_array_append_val(measured, size);
	}
	if (test->run->cycles >= GROWTH_CYCLES)
		check_growth(test, measured);
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

/* Thaws the last save as if it had not been thawed yet. */
static gboolean thaw_again(Selftest *test, GError **error)
{
	if (test->run->mode != SELFTEST_TWICE)
		return TRUE;
	selftest_guest_kill(test->guest);
	return selftest_guest_thaw(test->guest, error) && check(test, error);
}

static gboolean is_needed(const Selftest *test, const SelftestRun *run)
{
	gboolean needed = run->mode != SELFTEST_TWICE;

	for (guint i = 0; i < test->states->len && !needed; i++)
		needed = ((const SelftestState *)test->states->pdata[i])->tells;
	return needed;
}

/* @return the parts that are to be damaged in a run, NULL-terminated */
static GPtrArray *parts_of_run(const Selftest *test, const SelftestRun *run)
{
	GPtrArray *parts = g_ptr_array_new();

	for (const SelftestPart *const *part = test->options->broken; part && *part; part++) {
		if ((*part)->twice == (run->mode == SELFTEST_TWICE))
			g_ptr_array_add(parts, (gpointer)*part);
	}
	g_ptr_array_add(parts, NULL);
	return parts;
}

/* A guest that fails is a result, not an error. */
static void perform(Selftest *test, const SelftestRun *run, gint64 stress_us, GRand *random)
{
	g_autoptr(GPtrArray) broken = parts_of_run(test, run);
	g_autoptr(GError) cause = NULL;

	test->run = run;
	test->thaws = 0;
	g_hash_table_remove_all(test->awaited);
	g_hash_table_remove_all(test->told);
	test->guest->cpus = run->cpus;
	test->guest->broken = (const SelftestPart *const *)broken->pdata;
	test->guest->quick = test->options->quick;
	test->guest->parameters = test->options->parameters;
	report(test, "starting");
	if (!selftest_guest_start(test->guest, run->mode != SELFTEST_TWICE && !test->guest->quick,
				  &cause) ||
	    !begin(test, &cause) ||
	    !(random ? disturb(test, stress_us, random, &cause) : act(test, &cause)) ||
	    !check(test, &cause) || !thaw_again(test, &cause)) {
		if (!is_interrupted(test, NULL))
			give_result(test, "guest", "failed", cause->message);
	} else {
		give_lost(test);
	}
	selftest_guest_end(test->guest);
	test->guest->broken = NULL;
	test->run = NULL;
}

static gboolean perform_all(Selftest *test, GError **error)
{
	const SelftestOptions *options = test->options;

	for (guint i = 0; i < options->n_runs; i++) {
		if (is_needed(test, &options->runs[i]))
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
	g_autoptr(GRand) random = g_rand_new_with_seed(test->options->seed);

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
	g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(free_state);
	g_autoptr(GHashTable)
		awaited = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	Selftest test = { .options = options,
			  .summary = summary,
			  .states = states,
			  .awaited = awaited,
			  .told = told };
	gulong handler = 0;
	gboolean ok;

	*summary = (SelftestSummary){ 0 };
	if (!choose_states(&test, error))
		return FALSE;
	test.guest = selftest_guest_new(error);
	if (!test.guest)
		return FALSE;
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
