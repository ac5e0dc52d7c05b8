/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   choose   - Running sessions, most important first: those that are shown, then those that did
 *              more since their last save, because more would be lost.
 *   save one - Beside others: one session's memory is written while another's checksums are
 *              computed and a third's pages go to the disk.
 *   collect  - What came of each. Who is late is noted, not given up: the machine may wait longer
 *              than it said.
 */
#include "vksession/daemon/save-all.h"

#include "vksession/activity.h"
#include "vksession/daemon/parallel.h"
#include "vksession/session.h"

/* The clock tick by which the host accounts processor time: one of them is none. */
#define NOTHING_US 10000u

typedef struct {
	Vks *vks;
	const SaveAllOptions *options;
	Parallel parallel;
} SaveAll;

static void outcome_free(gpointer data)
{
	SaveOutcome *outcome = data;

	g_free(outcome->name);
	g_free(outcome->message);
	g_free(outcome);
}

static SaveOutcome *outcome_new(Vks *vks, const VksSessionInfo *info)
{
	SaveOutcome *outcome = g_new0(SaveOutcome, 1);
	g_autoptr(VksSession) session = vks_session_find(vks, info->name, 0, NULL);

	outcome->name = g_strdup(info->name);
	outcome->attached = info->attached;
	if (!session || !session->running)
		return outcome;
	outcome->work_us = vks_activity_since_note(session->run_dir, vks_session_cpu_us(session));
	outcome->saved = info->n_saves > 0;
	return outcome;
}

static int compare_importance(gconstpointer a, gconstpointer b)
{
	const SaveOutcome *first = *(SaveOutcome *const *)a, *second = *(SaveOutcome *const *)b;

	if (first->attached != second->attached)
		return first->attached ? -1 : 1;
	return (first->work_us < second->work_us) - (first->work_us > second->work_us);
}

static GPtrArray *choose(Vks *vks, GError **error)
{
	g_autoptr(GPtrArray) list = vks_list(vks, NULL, FALSE, error);
	g_autoptr(GPtrArray) outcomes = g_ptr_array_new_with_free_func(outcome_free);

	if (!list)
		return NULL;
	for (guint i = 0; i < list->len; i++) {
		const VksSessionInfo *info = list->pdata[i];

		if (info->state == VKS_STATE_RUNNING)
			g_ptr_array_add(outcomes, outcome_new(vks, info));
	}
	g_ptr_array_sort(outcomes, compare_importance);
	return g_steal_pointer(&outcomes);
}

static void note_activity(const SaveAll *all, const SaveOutcome *outcome, const char *activity)
{
	if (all->options->note_activity)
		all->options->note_activity(outcome->name, activity, all->options->user_data);
}

static void save_one(gpointer data, gpointer user_data)
{
	SaveOutcome *outcome = data;
	SaveAll *all = user_data;
	VksSaveOptions options = {
		.name = outcome->name,
		.stop = all->options->stop,
		.force = all->options->force,
		.reason = all->options->reason,
		.wait = TRUE,
	};
	VksControl control = parallel_control(&all->parallel);
	g_autoptr(GError) error = NULL;
	VksSaveResult result = { 0 };

	/* One that is to end must be ended by its save, changed or not. */
	if (!options.stop && outcome->saved && outcome->work_us < NOTHING_US) {
		outcome->kind = SAVE_UNCHANGED;
		parallel_report(&all->parallel, outcome->name, 1);
		return;
	}
	parallel_report(&all->parallel, outcome->name, 0);
	note_activity(all, outcome, "saving");
	if (vks_save(all->vks, &options, &control, &result, &error)) {
		outcome->number = result.number;
	} else {
		outcome->kind = SAVE_FAILED;
		outcome->message = g_strdup(error->message);
	}
	note_activity(all, outcome, "");
	outcome->late = all->options->deadline_us &&
			g_get_monotonic_time() > all->options->deadline_us;
	parallel_report(&all->parallel, outcome->name, 1);
}

GPtrArray *save_all(Vks *vks, const SaveAllOptions *options, const VksControl *control,
		    GError **error)
{
	g_autoptr(GPtrArray) outcomes = choose(vks, error);
	SaveAll all = {
		.vks = vks,
		.options = options,
		.parallel = { .control = control, .doing = "saving", .work = save_one },
	};

	if (!outcomes)
		return NULL;
	all.parallel.user_data = &all;
	parallel_run(&all.parallel, outcomes);
	return g_steal_pointer(&outcomes);
}

gboolean save_all_judge(const GPtrArray *outcomes, GError **error)
{
	const SaveOutcome *failed = NULL;

	for (guint i = 0; i < outcomes->len; i++) {
		const SaveOutcome *outcome = outcomes->pdata[i];

		if (outcome->kind != SAVE_FAILED)
			return TRUE;
		failed = outcome;
	}
	if (!failed)
		return TRUE;
	g_set_error_literal(error, VKS_ERROR, VKS_ERROR_FAILED, failed->message);
	return FALSE;
}

gboolean save_all_is_complete(const GPtrArray *outcomes)
{
	for (guint i = 0; i < outcomes->len; i++) {
		if (((const SaveOutcome *)outcomes->pdata[i])->kind == SAVE_FAILED)
			return FALSE;
	}
	return TRUE;
}
