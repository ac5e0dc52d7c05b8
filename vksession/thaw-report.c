/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/changes.h"
#include "vksession/session.h"
#include "vksession/store.h"

VksThawReport *vks_thaw_report(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);
	g_autoptr(GError) cause = NULL;
	VksThawReport *report;

	if (!session)
		return NULL;
	report = vks_changes_load(session->report_path, &cause);
	if (report)
		return report;
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		g_set_error(error, VKS_ERROR, VKS_ERROR_NOT_FOUND,
			    "session %s was never thawed; nothing was changed; see its saves with: "
			    "vksession saves %s",
			    name, name);
	else
		vks_error_complete(error, g_steal_pointer(&cause),
				   "the session is untouched; look at its files with: vksession "
				   "thaw --check %s",
				   name);
	return NULL;
}

VksThawReport *vks_thaw_preview(Vks *vks, const char *name, guint number, GError **error)
{
	g_autoptr(VksSession)
		session = vks_session_find(vks, name, VKS_SESSION_RECORD_OPTIONAL, error);
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(GError) cause = NULL;

	if (!session)
		return NULL;
	manifest = number ? vks_store_load(session->saves_dir, number, &cause)
			  : vks_session_newest(session);
	/* Of an encrypted save that is locked, programs and libraries are known, and no documents. */
	if (manifest && session->sealing)
		vks_manifest_unlock(manifest, session->sealing, NULL);
	if (manifest)
		return vks_changes_look(vks->store_dir, manifest);
	g_set_error(error, VKS_ERROR,
		    cause && !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
			    ? VKS_ERROR_DAMAGED
			    : VKS_ERROR_NOT_FOUND,
		    "session %s has no such save that can be read; nothing was changed; see: "
		    "vksession verify %s",
		    name, name);
	return NULL;
}
