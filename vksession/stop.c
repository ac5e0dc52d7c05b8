/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/session.h"

/* Beyond the programs' own grace: for sync and power off. */
#define POWER_OFF_MS 10000u

/* Asks the guest to end; takes it down if it does not. */
static gboolean end_guest(VksSession *session, guint grace_ms, GError **error)
{
	const VksBackend *backend = session->backend;

	/* Whether that worked is seen by vks_session_end(), which kills what is left. */
	if (backend->stop(session->run_dir, grace_ms, NULL))
		backend->wait_gone(session->run_dir, grace_ms + POWER_OFF_MS, NULL);
	return vks_session_end(session, error);
}

gboolean vks_stop(Vks *vks, const char *name, guint grace_ms, GError **error)
{
	g_autoptr(VksSession) session = NULL;
	g_autoptr(GError) cause = NULL;

	session = vks_session_lock(vks, name, "stop", 0, error);
	if (!session || !vks_session_need_running(session, error))
		return FALSE;
	if (!end_guest(session, grace_ms, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "saves are untouched; try again: vksession stop %s", name);
		return FALSE;
	}
	session->record->running = FALSE;
	if (!vks_record_store(session->record, session->record_path, &cause)) {
		vks_error_complete(
			error, g_steal_pointer(&cause),
			"the session has ended and its saves are untouched; make room or "
			"check the store");
		return FALSE;
	}
	return TRUE;
}
