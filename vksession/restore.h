/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What is thawed at the next login: the sessions that were running when the last one ended.
 */
#pragma once

#include "vksession/vksession.h"

/** Policies of a session, as in session.json. */
#define VKS_RESTORE_ALWAYS "always"
#define VKS_RESTORE_ASK	   "ask"
#define VKS_RESTORE_NEVER  "never"

typedef struct {
	char *name;
	gboolean ask;	  /* its policy is "ask" */
	gboolean crashed; /* it ended without a save, so what came after the newest one is lost */
	/* for the order */
	gboolean shown;	 /* its newest save knows of windows */
	gint64 saved_us; /* CLOCK_REALTIME of that save */
} VksRestore;

/**
 * Finds sessions that were running when the login ended: those that a save for the end of the
 * login, for sleep or an empty battery has ended, and those that ended neither by a save nor by
 * stop. Without a save there is nothing to restore, and "never" is left alone.
 *
 * Most important first: those that had windows, and of these the ones that were saved first, as the
 * most important are when all are saved.
 *
 * @return array of VksRestore, free with g_ptr_array_unref()
 */
GPtrArray *vks_restore_list(Vks *vks, GError **error);

/**
 * Sets the policy of a session. Waits for its lock.
 * @return FALSE with VKS_ERROR_USAGE for what is no policy
 */
gboolean vks_restore_set(Vks *vks, const char *name, const char *policy, GError **error);
