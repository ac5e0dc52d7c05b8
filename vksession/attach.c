/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/session.h"

#define VIEWER_TIMEOUT_MS 10000u

gboolean vks_attach(Vks *vks, const char *name, const char *display, const char *const *environment,
		    GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, name, "attach", 0, error);

	return session && vks_session_need_running(session, error) &&
	       vks_session_need_display(display, FALSE, error) &&
	       vks_session_show(session, display, environment, error);
}

gboolean vks_detach(Vks *vks, const char *name, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, name, "detach", 0, error);
	g_autoptr(GError) cause = NULL;
	XpViewerStatus *viewer;

	if (!session || !vks_session_need_running(session, error))
		return FALSE;
	viewer = vks->backend->viewer_status(session->run_dir);
	if (!viewer) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is not shown anywhere; it goes on; show it with: vksession "
			    "attach %s",
			    name, name);
		return FALSE;
	}
	vks->backend->viewer_status_free(viewer);
	vks->backend->request_thumbnail(session->run_dir);
	if (vks->backend->viewer_stop(session->run_dir, VIEWER_TIMEOUT_MS, &cause))
		return TRUE;
	vks_error_complete(error, g_steal_pointer(&cause), "the session goes on; try again");
	return FALSE;
}

gboolean vks_wait_drawn(Vks *vks, const char *name, guint timeout_ms, gint64 *drawn_us,
			GError **error)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, 0, error);
	g_autoptr(GError) cause = NULL;
	XpViewerStatus *viewer;

	if (!session || !vks_session_need_running(session, error))
		return FALSE;
	if (!vks->backend->viewer_wait_drawn(session->run_dir, timeout_ms, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "the session goes on without a window; see: vksession log %s",
				   name);
		return FALSE;
	}
	viewer = vks->backend->viewer_status(session->run_dir);
	*drawn_us = viewer ? viewer->first_drawn_us : g_get_monotonic_time();
	vks->backend->viewer_status_free(viewer);
	return TRUE;
}
