/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What method calls do, whichever object they came to. Each answers its invocation, now or later.
 */
#pragma once

#include "vksession/daemon/daemon.h"
#include "vksession/daemon/work.h"

/** Begins a job and answers with its path. Takes the request over. */
void call_begin(Daemon *daemon, GDBusMethodInvocation *invocation, const WorkKind *kind,
		Request *request);

/** The same, with options that are to be read first. */
void call_with_options(Daemon *daemon, GDBusMethodInvocation *invocation, const WorkKind *kind,
		       Request *request, OptionSet set, GVariant *options);

/** @param options  of OPTIONS_ATTACH */
void call_attach(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		 GVariant *options);
void call_detach(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session);
/** @param number  0: the whole session */
void call_drop(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
	       guint number);
void call_thaw_report(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session);
/** @param number  of a save; 0: the newest */
void call_preview_thaw(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		       guint number);
/** @param policy  "always", "ask" or "never" */
void call_set_restore(Daemon *daemon, GDBusMethodInvocation *invocation, const char *session,
		      const char *policy);
