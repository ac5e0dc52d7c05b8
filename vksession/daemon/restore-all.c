/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   choose   - What was running when the login ended, most important first (see restore.h).
 *   thaw one - Beside others: one session's memory is verified while another's viewer starts. Those
 *              that are to be asked for first are left alone.
 *   collect  - What came of each, in the order in which they were chosen.
 */
#include "vksession/daemon/parallel.h"
#include "vksession/daemon/work.h"
#include "vksession/restore.h"

typedef struct {
	const VksRestore *restore; /* borrowed */
	GError *error;		   /* NULL: it is back, or was not tried */
} Outcome;

typedef struct {
	Work *work;
	Parallel parallel;
} RestoreAll;

static void outcome_free(gpointer data)
{
	Outcome *outcome = data;

	g_clear_error(&outcome->error);
	g_free(outcome);
}

static void thaw_one(gpointer data, gpointer user_data)
{
	RestoreAll *all = user_data;
	Outcome *outcome = data;
	const Request *request = all->work->request;
	VksThawOptions options = {
		.name = outcome->restore->name,
		.display = request_display(request),
		.environment = (const char *const *)request->environment,
	};
	VksControl control = parallel_control(&all->parallel);
	VksThawResult result;

	if (!outcome->restore->ask) {
		parallel_report(&all->parallel, options.name, 0);
		all->work->note_activity(options.name, "thawing", all->work->user_data);
		vks_thaw(all->work->vks, &options, &control, &result, &outcome->error);
		all->work->note_activity(options.name, "", all->work->user_data);
	}
	parallel_report(&all->parallel, options.name, 1);
}

static void add_failed(GVariantBuilder *failed, const Outcome *outcome)
{
	g_autofree char *valid = g_utf8_make_valid(outcome->error->message, -1);

	g_variant_builder_add(failed, "(ss)", outcome->restore->name, valid);
}

static void collect(Work *work, const GPtrArray *outcomes)
{
	GVariantBuilder thawed = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));
	GVariantBuilder failed = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));
	GVariantBuilder locked = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));
	GVariantBuilder ask = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));
	GVariantBuilder crashed = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

	for (guint i = 0; i < outcomes->len; i++) {
		const Outcome *outcome = outcomes->pdata[i];
		const char *name = outcome->restore->name;

		g_ptr_array_add(work->touched, g_strdup(name));
		if (outcome->restore->crashed)
			g_variant_builder_add(&crashed, "s", name);
		if (outcome->restore->ask)
			g_variant_builder_add(&ask, "s", name);
		else if (!outcome->error)
			g_variant_builder_add(&thawed, "s", name);
		else if (g_error_matches(outcome->error, VKS_ERROR, VKS_ERROR_LOCKED))
			g_variant_builder_add(&locked, "s", name);
		else
			add_failed(&failed, outcome);
	}
	g_variant_dict_insert(work->result, "thawed", "as", &thawed);
	g_variant_dict_insert(work->result, "failed", "a(ss)", &failed);
	g_variant_dict_insert(work->result, "locked", "as", &locked);
	g_variant_dict_insert(work->result, "ask", "as", &ask);
	g_variant_dict_insert(work->result, "crashed", "as", &crashed);
}

static gboolean run(Work *work, GError **error)
{
	g_autoptr(GPtrArray) list = vks_restore_list(work->vks, error);
	g_autoptr(GPtrArray) outcomes = g_ptr_array_new_with_free_func(outcome_free);
	RestoreAll all = {
		.work = work,
		.parallel = { .control = &work->control, .doing = "thawing", .work = thaw_one },
	};

	if (!list)
		return FALSE;
	for (guint i = 0; i < list->len; i++) {
		Outcome *outcome = g_new0(Outcome, 1);

		outcome->restore = list->pdata[i];
		g_ptr_array_add(outcomes, outcome);
	}
	all.parallel.user_data = &all;
	parallel_run(&all.parallel, outcomes);
	collect(work, outcomes);
	return TRUE;
}

const WorkKind work_restore = { "restore", "", run };
