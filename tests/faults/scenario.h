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

/** Something that is done by the library. */
typedef gboolean (*ScenarioAct)(Vks *vks, GError **error);

typedef struct {
	const char *name;
	/** What makes the store as it is before, without faults; ends with NULL. */
	const ScenarioAct *before;
	/** What is disturbed. */
	ScenarioAct act;
	/** By how much the number of saves may have changed: +1, -1, 0, or all may have gone. */
	int change;
	gboolean may_vanish;
	/** Whether the session runs before, and has to go on. */
	gboolean runs;
	/** The next start: it must succeed and leave things tidy. */
	ScenarioAct recover;
} Scenario;

extern const Scenario scenarios[];
extern const gsize n_scenarios;

/** The fake backend, with faults held off from what stands for the kernel and the display. */
const VksBackend *scenario_backend(void);

/** Makes a scenario's store, in the environment's place. */
void scenario_prepare(const Scenario *scenario, Vks *vks);

/** Points the XDG variables into a directory and makes it. */
void scenario_enter(const char *directory);

/** Makes a store that was opened answer the question for a passphrase. */
void scenario_answer(Vks *vks);

/** Opens the store of the environment, which must succeed; it answers. */
Vks *scenario_open(void);
