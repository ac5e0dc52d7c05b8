/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/actions.h"

#include <glib/gi18n.h>

#include "desktop/requests.h"

static void save(const char *session)
{
	request_save(session, FALSE);
}

static void save_and_stop(const char *session)
{
	request_save(session, TRUE);
}

static gboolean is_detached(VksBusSession1 *session)
{
	return desktop_session_runs(session) && !vks_bus_session1_get_attached(session);
}

static gboolean is_attached(VksBusSession1 *session)
{
	return desktop_session_runs(session) && vks_bus_session1_get_attached(session);
}

/* And the save is over: until then nobody else can have the session. */
static gboolean is_saved(VksBusSession1 *session)
{
	const char *activity = vks_bus_session1_get_activity(session);

	return !desktop_session_runs(session) && vks_bus_session1_get_last_save(session) > 0 &&
	       (!activity || *activity == '\0');
}

const DesktopAction desktop_actions[DESKTOP_ACTIONS] = {
	{ N_("_Save now"), desktop_session_runs, save },
	{ N_("Save and s_top"), desktop_session_runs, save_and_stop },
	{ N_("_Attach here"), is_detached, request_attach },
	{ N_("_Detach"), is_attached, request_detach },
	{ N_("_Bring it back"), is_saved, request_thaw },
};
