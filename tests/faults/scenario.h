/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The operations that faults are injected into, each on a store of its own, and what must hold
 * afterwards.
 */
#pragma once

#include "vksession/vksession.h"

/** The session that all scenarios are about. */
#define SCENARIO_SESSION "s"

/** Makes faults wait while the fake's hardware is at work; shared with the tracer. */
extern int *scenario_paused;

typedef struct {
	const char *name;
	/** Makes the store as it is before; through the library, without faults. */
	void (*prepare)(Vks *vks);
	/** What is disturbed. */
	gboolean (*act)(Vks *vks, GError **error);
	/** By how much the number of saves may have changed: +1, -1, 0, or all may have gone. */
	int change;
	gboolean may_vanish;
	/** Whether the session runs before, and has to go on. */
	gboolean runs;
	/** The next start: it must succeed and leave things tidy. */
	gboolean (*recover)(Vks *vks, GError **error);
} Scenario;

extern const Scenario scenarios[];
extern const gsize n_scenarios;

/** The fake backend, with faults held off from what stands for the kernel and the display. */
const VksBackend *scenario_backend(void);

/** Points the XDG variables into a directory and makes it. */
void scenario_enter(const char *directory);

/** Makes a store that was opened answer the question for a passphrase. */
void scenario_answer(Vks *vks);

/** Opens the store of the environment, which must succeed; it answers. */
Vks *scenario_open(void);
