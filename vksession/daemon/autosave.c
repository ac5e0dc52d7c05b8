/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A session is due when the interval has passed since its last save, however that was made, and
 * something ran in it since. A save makes it stand still for a moment, so it is put off while the
 * session is busy, for as long as one more interval. One in which nothing ran is never saved: what
 * it used between two looks counts only as far as it is more than what doing nothing takes.
 */
#include "vksession/daemon/autosave.h"

#include <stdio.h>

#include "vksession/daemon/job.h"
#include "vksession/daemon/lifetime.h"
#include "vksession/daemon/registry.h"

#define CHECK_S	     20u
/*
 * A session with an editor and a terminal that nobody touches uses a thousandth of a processor;
 * up to five times that counts as doing nothing. Above it, this much is the accuracy of it.
 */
#define IDLE_SHARE   200
#define UNCHANGED_US 50000u
#define MINUTE_US    (60 * G_USEC_PER_SEC)

struct Autosave {
	Daemon *daemon;
	guint source;
	char *complaint; /* last thing that was wrong with the file; NULL: nothing */
};

void autosave_note(AutosaveFacts *facts, gint64 looked_us, guint64 work_us, gboolean saved)
{
	gint64 passed = facts->looked_us ? looked_us - facts->looked_us : 0;
	guint64 before = saved || work_us < facts->work_us ? 0 : facts->work_us;
	guint64 idle_us;

	facts->interval_us = MAX(passed, 0);
	facts->recent_us = work_us - before;
	facts->looked_us = looked_us;
	facts->work_us = work_us;
	if (saved) {
		facts->since_us = looked_us;
		facts->changed_us = 0;
	}
	/* The first look sees all that was done since the save, however long ago. */
	idle_us = (guint64)MAX(passed ? passed : looked_us - facts->since_us, 0) / IDLE_SHARE;
	if (facts->recent_us > idle_us)
		facts->changed_us += facts->recent_us - idle_us;
}

gboolean autosave_has_changes(const AutosaveFacts *facts)
{
	return facts->changed_us > UNCHANGED_US;
}

static gboolean is_busy(const Config *config, const AutosaveFacts *facts)
{
	return facts->interval_us &&
	       facts->recent_us * 100 / (guint64)facts->interval_us > config->busy_percent;
}

gboolean autosave_is_due(const Config *config, const AutosaveFacts *facts, gint64 now_us)
{
	gint64 interval = (gint64)config->every_min * MINUTE_US;
	gint64 passed = now_us - facts->since_us;

	if (!config->autosave || passed < interval ||
	    facts->changed_us <= (guint64)config->activity_ms * 1000)
		return FALSE;
	return !is_busy(config, facts) || passed >= 2 * interval;
}

static void load_config(Autosave *autosave, Config *config)
{
	g_autoptr(GError) error = NULL;

	config_init(config);
	if (config_load(config, &error)) {
		g_clear_pointer(&autosave->complaint, g_free);
		return;
	}
	/* Once, not at each look. */
	if (g_strcmp0(autosave->complaint, error->message) == 0)
		return;
	g_free(autosave->complaint);
	autosave->complaint = g_strdup(error->message);
	fprintf(stderr, "vksessiond: %s, ignoring the file\n", error->message);
}

static void save(Daemon *daemon, const char *session)
{
	Request *request = request_new(session);

	request->reason = g_strdup("autosave");
	jobs_begin(daemon->jobs, &work_save, request, TRUE);
}

static gboolean check(gpointer user_data)
{
	Autosave *autosave = user_data;
	Daemon *daemon = autosave->daemon;
	g_autoptr(GPtrArray) running = registry_list_running(daemon->registry);
	Config config;

	load_config(autosave, &config);
	for (guint i = 0; i < running->len; i++) {
		const char *name = running->pdata[i];
		const AutosaveFacts *facts = registry_get_facts(daemon->registry, name);

		/* An end that was announced and did not come. */
		if (facts && autosave_has_changes(facts))
			lifetime_note(daemon->vks, FALSE);
		if (jobs_busy(daemon->jobs, name) || !facts ||
		    !autosave_is_due(&config, facts, g_get_monotonic_time()))
			continue;
		registry_note_try(daemon->registry, name);
		save(daemon, name);
	}
	return G_SOURCE_CONTINUE;
}

Autosave *autosave_new(Daemon *daemon)
{
	Autosave *autosave = g_new0(Autosave, 1);

	autosave->daemon = daemon;
	autosave->source = g_timeout_add_seconds(CHECK_S, check, autosave);
	return autosave;
}

void autosave_free(Autosave *autosave)
{
	if (!autosave)
		return;
	g_clear_handle_id(&autosave->source, g_source_remove);
	g_free(autosave->complaint);
	g_free(autosave);
}
