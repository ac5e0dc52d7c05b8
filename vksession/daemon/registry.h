/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The sessions that are shown on the bus, kept in step with the store and the runtime directory,
 * whoever works on them. All functions are for the main thread.
 */
#pragma once

#include "vksession/daemon/autosave.h"
#include "vksession/daemon/daemon.h"
#include "vksession/daemon/view.h"

typedef struct Registry Registry;

/** Begins to watch, looks at all sessions there are, and waits for that. NULL with a GError. */
Registry *registry_new(Daemon *daemon, GError **error);
void registry_free(Registry *registry);

/** Looks again at a session, soon. @param name  NULL: at all */
void registry_look(Registry *registry, const char *name);

/** Looks at all sessions at once. @return names of those that run; free with g_strfreev() */
char **registry_adopt(Registry *registry);

/** Shows what was seen; a view older than what is shown is dropped. Takes the view over. */
void registry_show(Registry *registry, View *view);

/** Tells what is being done with a session now, "" for nothing. It need not exist yet. */
void registry_set_activity(Registry *registry, const char *name, const char *activity);

/** Sends property changes that wait to be sent. */
void registry_flush(Registry *registry, const char *name);

/** @return names of those that run, copies; free with g_ptr_array_unref() */
GPtrArray *registry_list_running(const Registry *registry);

/** @return what is known of a running session, borrowed; NULL if it does not run */
const AutosaveFacts *registry_get_facts(const Registry *registry, const char *name);

/** A background save is being tried now: the next one is an interval away, whatever comes of it. */
void registry_note_try(Registry *registry, const char *name);
