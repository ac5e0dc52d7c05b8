/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/work.h"
#include "vksession/restore.h"

static void add_failed(GVariantBuilder *failed, const char *name, const char *message)
{
	g_autofree char *valid = g_utf8_make_valid(message, -1);

	g_variant_builder_add(failed, "(ss)", name, valid);
}

static gboolean thaw(Work *work, const VksRestore *restore, GError **error)
{
	const Request *request = work->request;
	VksThawOptions options = {
		.name = restore->name,
		.display = request_display(request),
		.environment = (const char *const *)request->environment,
	};
	VksThawResult result;
	gboolean ok;

	work->note_activity(restore->name, "thawing", work->user_data);
	ok = vks_thaw(work->vks, &options, &work->control, &result, error);
	work->note_activity(restore->name, "", work->user_data);
	return ok;
}

typedef struct {
	GVariantBuilder thawed, failed, ask, crashed;
} Outcome;

static void restore_one(Work *work, const VksRestore *restore, Outcome *outcome)
{
	g_autoptr(GError) error = NULL;

	if (restore->crashed)
		g_variant_builder_add(&outcome->crashed, "s", restore->name);
	if (restore->ask) {
		g_variant_builder_add(&outcome->ask, "s", restore->name);
		return;
	}
	g_ptr_array_add(work->touched, g_strdup(restore->name));
	if (thaw(work, restore, &error))
		g_variant_builder_add(&outcome->thawed, "s", restore->name);
	else
		add_failed(&outcome->failed, restore->name, error->message);
}

static gboolean run(Work *work, GError **error)
{
	g_autoptr(GPtrArray) list = vks_restore_list(work->vks, error);
	Outcome outcome;

	if (!list)
		return FALSE;
	g_variant_builder_init(&outcome.thawed, G_VARIANT_TYPE("as"));
	g_variant_builder_init(&outcome.failed, G_VARIANT_TYPE("a(ss)"));
	g_variant_builder_init(&outcome.ask, G_VARIANT_TYPE("as"));
	g_variant_builder_init(&outcome.crashed, G_VARIANT_TYPE("as"));
	for (guint i = 0; i < list->len; i++)
		restore_one(work, list->pdata[i], &outcome);
	g_variant_dict_insert(work->result, "thawed", "as", &outcome.thawed);
	g_variant_dict_insert(work->result, "failed", "a(ss)", &outcome.failed);
	g_variant_dict_insert(work->result, "ask", "as", &outcome.ask);
	g_variant_dict_insert(work->result, "crashed", "as", &outcome.crashed);
	return TRUE;
}

const WorkKind work_restore = { "restore", "", run };
