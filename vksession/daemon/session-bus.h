/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * org.vksession.Session1: properties from a view, methods to jobs. Holds no state.
 */
#pragma once

#include "vksession/daemon/daemon.h"
#include "vksession/daemon/view.h"

/** @return an object that is not exported yet; free with g_object_unref() */
VksBusObjectSkeleton *session_bus_new(Daemon *daemon, const char *name);

/** Sets the properties from a view of a session that exists, but for those below. */
void session_bus_show(VksBusObjectSkeleton *object, const View *view);

/** Sets the property Activity. */
void session_bus_set_activity(VksBusObjectSkeleton *object, const char *activity);

/** Sets the property UnsavedChanges. */
void session_bus_set_unsaved(VksBusObjectSkeleton *object, gboolean unsaved);
