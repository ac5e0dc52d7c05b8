/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   check  - The save must be there and intact, before anything is given up for it.
 *   save   - What runs is saved and ended: the way back is open.
 *   thaw   - The save that was asked for.
 *   return - If that fails, what ran is thawed again.
 */
#include <string.h>

#include "vksession/disks.h"
#include "vksession/encryption.h"
#include "vksession/operations.h"
#include "vksession/store.h"

/** One rollback under way. */
typedef struct {
	VksSession *session;
	const VksRollbackOptions *options;
	const VksControl *control;
	char *display; /* where the session is to be shown; NULL: nowhere */
	guint undo;
} Rollback;

static gboolean check(const Rollback *rollback, GError **error)
{
	VksSession *session = rollback->session;
	guint number = rollback->options->number;
	g_autoptr(GError) cause = NULL;
	g_autoptr(VksManifest) manifest = vks_store_load(session->saves_dir, number, &cause);

	vks_control_report(rollback->control, "checking the save", 0, 0);
	if (manifest && vks_session_unlock_save(session, manifest, &cause) &&
	    vks_disks_check(manifest, &cause) &&
	    vks_store_verify(session->saves_dir, manifest, NULL, NULL,
			     vks_control_cancellable(rollback->control), &cause))
		return TRUE;
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		return vks_session_set_no_save(session, number, error);
	if (cause->domain != VKS_ERROR)
		g_prefix_error(&cause, "save %u is damaged: ", number);
	vks_error_complete(error, g_steal_pointer(&cause),
			   "nothing was changed; choose another with: vksession saves %s",
			   session->name);
	return FALSE;
}

/* Where the session is shown now; if it is not, where the caller wants it. */
static void choose_display(Rollback *rollback)
{
	const VksSession *session = rollback->session;
	XpViewerStatus *viewer;

	if (rollback->options->detach)
		return;
	viewer = session->running ? session->backend->viewer_status(session->run_dir) : NULL;
	rollback->display = g_strdup(viewer ? viewer->display : rollback->options->display);
	session->backend->viewer_status_free(viewer);
}

static gboolean save_running(Rollback *rollback, GError **error)
{
	VksSession *session = rollback->session;
	VksSaveOptions options = {
		.name = session->name,
		.stop = TRUE,
		.reason = VKS_REASON_ROLLBACK,
	};
	VksSaveResult result;

	if (!session->running)
		return TRUE;
	if (!vks_session_save(session, &options, rollback->control, &result, error))
		return FALSE;
	rollback->undo = result.number;
	vks_session_refresh(session);
	return TRUE;
}

static gboolean thaw(const Rollback *rollback, guint number, GError **error)
{
	VksThawOptions options = {
		.name = rollback->session->name,
		.number = number,
		.display = rollback->display,
		.environment = rollback->options->environment,
		.detach = rollback->display == NULL,
	};
	VksThawResult result;

	return vks_session_thaw(rollback->session, &options, rollback->control, &result, error);
}

static gboolean thaw_or_return(const Rollback *rollback, GError **error)
{
	const char *name = rollback->session->name;
	g_autoptr(GError) cause = NULL;
	gboolean back;

	if (thaw(rollback, rollback->options->number, &cause))
		return TRUE;
	if (!rollback->undo) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	vks_session_refresh(rollback->session);
	back = thaw(rollback, rollback->undo, NULL);
	g_set_error(error, VKS_ERROR, (gint)vks_error_code(cause),
		    "save %u could not be thawed (%s); what ran is in save %u%s; %s%s",
		    rollback->options->number, cause->message, rollback->undo,
		    back ? " and runs again" : "",
		    back ? "see: vksession log " : "bring it back with: vksession thaw ", name);
	return FALSE;
}

gboolean vks_rollback(Vks *vks, const VksRollbackOptions *options, const VksControl *control,
		      VksRollbackResult *result, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, options->name, "rollback", 0, error);
	Rollback rollback = { .session = session, .options = options, .control = control };
	gboolean ok;

	if (!session)
		return FALSE;
	choose_display(&rollback);
	ok = check(&rollback, error) && save_running(&rollback, error) &&
	     thaw_or_return(&rollback, error);
	*result = (VksRollbackResult){ .number = options->number, .undo = rollback.undo };
	g_free(rollback.display);
	return ok;
}
