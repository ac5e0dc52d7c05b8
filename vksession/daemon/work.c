/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/work.h"

#include <string.h>

#include "vksession/daemon/lifetime.h"
#include "vksession/daemon/save-all.h"
#include "vksession/session.h"

#define STOP_GRACE_MS 5000u

static GPrivate current; /* the Work of this thread */

void work_do(const WorkKind *kind, Work *work, GError **error)
{
	g_private_set(&current, work);
	kind->run(work, error);
	g_private_set(&current, NULL);
}

VksSecret *work_ask(const char *session, gboolean is_new, gpointer user_data, GError **error)
{
	const Work *work = g_private_get(&current);
	VksSecret *secret;
	int cancel_fd;

	if (is_new || !work || work->request->passphrase_fd < 0)
		return NULL;
	cancel_fd = g_cancellable_get_fd(work->control.cancellable);
	secret = vks_secret_read(work->request->passphrase_fd, cancel_fd, error);
	g_cancellable_release_fd(work->control.cancellable);
	return secret;
}

static gboolean run(Work *work, GError **error)
{
	const Request *request = work->request;
	VksRunOptions options = {
		.name = request->session,
		.argv = (const char *const *)request->command,
		.environment = (const char *const *)request->environment,
		.cwd = request->cwd ? request->cwd : g_get_home_dir(),
		.display = request_display(request),
		.detach = request->detach,
		.new_only = request->new_only,
		.no_network = request->no_network,
		.memory_bytes = request->memory_bytes,
		.cpus = request->cpus,
		.encrypt = request->encrypt,
		.private_dirs = (const char *const *)request->private_dirs,
		.disks = (const char *const *)request->disks,
	};
	VksRunResult result = { 0 };

	if (!vks_run(work->vks, &options, &work->control, &result, error))
		return FALSE;
	g_variant_dict_insert(work->result, "pid", "u", (guint)result.pid);
	g_variant_dict_insert(work->result, "created", "b", result.created);
	return TRUE;
}

static void add_figures(GVariantDict *dict, const VksSaveResult *result)
{
	const VksFigures *figures = &result->figures;

	g_variant_dict_insert(dict, "number", "u", result->number);
	g_variant_dict_insert(dict, "disk_bytes", "t", result->disk_bytes);
	g_variant_dict_insert(dict, "total_us", "t", result->total_us);
	g_variant_dict_insert(dict, "pause_us", "t",
			      figures->quiesce_us + figures->dump_us + figures->resume_us);
	g_variant_dict_insert(dict, "quiesce_us", "t", figures->quiesce_us);
	g_variant_dict_insert(dict, "dump_us", "t", figures->dump_us);
	g_variant_dict_insert(dict, "resume_us", "t", figures->resume_us);
	g_variant_dict_insert(dict, "memory_bytes", "t", figures->memory_bytes);
	g_variant_dict_insert(dict, "state_bytes", "t", figures->state_bytes);
	g_variant_dict_insert(dict, "written_bytes", "t", result->written_bytes);
	g_variant_dict_insert(dict, "base", "u", result->base);
	g_variant_dict_insert(dict, "pruned", "u", result->pruned);
}

static gboolean save(Work *work, GError **error)
{
	VksSaveOptions options = {
		.name = work->request->session,
		.stop = work->request->stop,
		.force = work->request->force,
		.reason = work->request->reason,
		.wait = work->request->queue,
	};
	VksSaveResult result = { 0 };

	if (!vks_save(work->vks, &options, &work->control, &result, error))
		return FALSE;
	add_figures(work->result, &result);
	return TRUE;
}

static gboolean thaw(Work *work, GError **error)
{
	VksThawOptions options = {
		.name = work->request->session,
		.number = work->request->number,
		.display = request_display(work->request),
		.environment = (const char *const *)work->request->environment,
		.detach = work->request->detach,
	};
	VksThawResult result = { 0 };

	if (!vks_thaw(work->vks, &options, &work->control, &result, error))
		return FALSE;
	g_variant_dict_insert(work->result, "number", "u", result.number);
	g_variant_dict_insert(work->result, "verify_us", "t", result.verify_us);
	g_variant_dict_insert(work->result, "running_us", "t", result.running_us);
	return TRUE;
}

static gboolean stop(Work *work, GError **error)
{
	vks_control_report(&work->control, "ending the programs", 0, 0);
	return vks_stop(work->vks, work->request->session, STOP_GRACE_MS, error);
}

static gboolean rollback(Work *work, GError **error)
{
	VksRollbackOptions options = {
		.name = work->request->session,
		.number = work->request->number,
		.display = request_display(work->request),
		.environment = (const char *const *)work->request->environment,
		.detach = work->request->detach || !request_display(work->request),
	};
	VksRollbackResult result = { 0 };

	if (!vks_rollback(work->vks, &options, &work->control, &result, error))
		return FALSE;
	g_variant_dict_insert(work->result, "number", "u", result.number);
	g_variant_dict_insert(work->result, "undo", "u", result.undo);
	return TRUE;
}

static gboolean prune(Work *work, GError **error)
{
	VksPruneResult result = { 0 };

	if (!vks_prune(work->vks, work->request->session, &work->control, &result, error))
		return FALSE;
	g_variant_dict_insert(work->result, "removed", "u", result.removed);
	g_variant_dict_insert(work->result, "freed_bytes", "t", result.freed_bytes);
	return TRUE;
}

static GVariant *pairs(const GPtrArray *outcomes, SaveOutcomeKind kind)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE(kind == SAVE_DONE ? "a(su)" : "a(ss)"));
	for (guint i = 0; i < outcomes->len; i++) {
		const SaveOutcome *outcome = outcomes->pdata[i];

		if (outcome->kind != kind)
			continue;
		if (kind == SAVE_DONE)
			g_variant_builder_add(&builder, "(su)", outcome->name, outcome->number);
		else
			g_variant_builder_add(&builder, "(ss)", outcome->name, outcome->message);
	}
	return g_variant_builder_end(&builder);
}

static GVariant *names(const GPtrArray *outcomes, gboolean late)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("as"));
	for (guint i = 0; i < outcomes->len; i++) {
		const SaveOutcome *outcome = outcomes->pdata[i];

		if (late ? outcome->late : outcome->kind == SAVE_UNCHANGED)
			g_variant_builder_add(&builder, "s", outcome->name);
	}
	return g_variant_builder_end(&builder);
}

static gboolean do_save_all(Work *work, GError **error)
{
	SaveAllOptions options = {
		.stop = work->request->stop,
		.force = work->request->force,
		.reason = work->request->reason,
		.deadline_us = work->request->deadline_us,
		.note_activity = work->note_activity,
		.user_data = work->user_data,
	};
	g_autoptr(GPtrArray) outcomes = save_all(work->vks, &options, &work->control, error);

	if (!outcomes)
		return FALSE;
	g_variant_dict_insert_value(work->result, "saved", pairs(outcomes, SAVE_DONE));
	g_variant_dict_insert_value(work->result, "failed", pairs(outcomes, SAVE_FAILED));
	g_variant_dict_insert_value(work->result, "late", names(outcomes, TRUE));
	g_variant_dict_insert_value(work->result, "unchanged", names(outcomes, FALSE));
	for (guint i = 0; i < outcomes->len; i++)
		g_ptr_array_add(work->touched, g_strdup(((SaveOutcome *)outcomes->pdata[i])->name));
	if (lifetime_is_end(options.reason) && save_all_is_complete(outcomes))
		lifetime_note(work->vks, TRUE);
	return save_all_judge(outcomes, error);
}

const WorkKind work_run = { "run", "starting", run };
const WorkKind work_save = { "save", "saving", save };
const WorkKind work_save_all = { "save-all", "", do_save_all };
const WorkKind work_thaw = { "thaw", "thawing", thaw };
const WorkKind work_stop = { "stop", "stopping", stop };
const WorkKind work_rollback = { "rollback", "thawing", rollback };
const WorkKind work_prune = { "prune", "", prune };
