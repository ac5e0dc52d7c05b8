/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The pieces of long work: each a function that runs in a thread of its own, calls the session
 * library and fills in a result. Knows nothing of the bus.
 */
#pragma once

#include "vksession/daemon/options.h"
#include "vksession/vksession.h"

typedef struct Work Work;

typedef struct {
	const char *name;     /* property Kind */
	const char *activity; /* of its session meanwhile; "" if it tells itself */
	gboolean (*run)(Work *work, GError **error);
} WorkKind;

struct Work {
	Vks *vks;
	const Request *request;
	VksControl control;
	GVariantDict *result;
	/** Tells what is being done with a session now; "" when it is done. From any thread. */
	void (*note_activity)(const char *session, const char *activity, gpointer user_data);
	gpointer user_data;
	GPtrArray *touched; /* of char *: sessions that may look different now */
};

/** Does a piece of work. Its request answers work_ask() in this thread meanwhile. */
void work_do(const WorkKind *kind, Work *work, GError **error);

/** For vks_set_ask(): whoever asks for work can give a passphrase with it, and nobody else is
 * asked. */
VksSecret *work_ask(const char *session, gboolean is_new, gpointer user_data, GError **error);

extern const WorkKind work_run, work_save, work_save_all, work_thaw, work_restore, work_stop,
	work_rollback, work_prune;
