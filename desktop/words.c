/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "desktop/words.h"

#include <glib/gi18n.h>
#include <string.h>

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* With a save younger than this, a session that goes on running counts as saved. */
#define FRESH_S (15 * MINUTE)

static gboolean stale(const WordsSession *session, gint64 now_us)
{
	return session->unsaved && now_us - session->last_save_us > FRESH_S * G_USEC_PER_SEC;
}

Overall words_overall(const WordsSession *session, gint64 now_us)
{
	gboolean running = strcmp(session->state, "running") == 0;

	if (*session->problem || strcmp(session->state, "crashed") == 0)
		return OVERALL_PROBLEM;
	if (strcmp(session->activity, "saving") == 0)
		return OVERALL_SAVING;
	if (!running)
		return OVERALL_NONE;
	return stale(session, now_us) ? OVERALL_UNSAVED : OVERALL_SAVED;
}

const char *words_icon(Overall overall)
{
	static const char *const icons[] = {
		[OVERALL_NONE] = "vksession-idle",	 [OVERALL_SAVED] = "vksession-saved",
		[OVERALL_UNSAVED] = "vksession-unsaved", [OVERALL_SAVING] = "vksession-saving",
		[OVERALL_PROBLEM] = "vksession-problem",
	};

	return icons[overall];
}

static gint64 day_number(GDateTime *time)
{
	int year, month, day;
	GDate date;

	g_date_time_get_ymd(time, &year, &month, &day);
	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	return g_date_get_julian(&date);
}

char *words_moment(gint64 now_us, gint64 then_us)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_us / G_USEC_PER_SEC);
	g_autoptr(GDateTime) then = g_date_time_new_from_unix_local(then_us / G_USEC_PER_SEC);
	gint64 days = day_number(now) - day_number(then);

	/* Translators: formats of date(1) */
	if (days == 0)
		return g_date_time_format(then, _("today, %H:%M"));
	if (days == 1)
		return g_date_time_format(then, _("yesterday, %H:%M"));
	if (days > 1 && days < 7)
		return g_date_time_format(then, _("%A, %H:%M"));
	return g_date_time_format(then, _("%e %B %Y, %H:%M"));
}

char *words_age(gint64 now_us, gint64 then_us)
{
	gint64 age = (now_us - then_us) / G_USEC_PER_SEC;
	gulong minutes = (gulong)(age / MINUTE), hours = (gulong)(age / HOUR);

	if (age < 0 || age >= DAY)
		return words_moment(now_us, then_us);
	if (age < MINUTE)
		return g_strdup(_("just now"));
	if (age < HOUR)
		return g_strdup_printf(ngettext("%lu minute ago", "%lu minutes ago", minutes),
				       minutes);
	return g_strdup_printf(ngettext("%lu hour ago", "%lu hours ago", hours), hours);
}

/* What is being done with it is all that is said meanwhile. */
static const char *activity_words(const char *activity)
{
	static const struct {
		const char *activity, *words;
	} table[] = {
		{ "saving", N_("saving…") },
		{ "thawing", N_("coming back…") },
		{ "starting", N_("starting…") },
		{ "stopping", N_("ending…") },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		if (strcmp(table[i].activity, activity) == 0)
			return _(table[i].words);
	}
	return NULL;
}

char *words_session(const WordsSession *session, gint64 now_us)
{
	const char *activity = activity_words(session->activity);
	g_autofree char *age = NULL;

	if (activity)
		return g_strdup(activity);
	if (*session->problem)
		return g_strdup(session->problem);
	if (session->last_save_us > 0)
		age = words_age(now_us, session->last_save_us);
	if (strcmp(session->state, "running") == 0) {
		if (!age)
			return g_strdup(_("running, never saved"));
		return g_strdup_printf(stale(session, now_us)
					       ? _("running, unsaved changes, last saved %s")
					       : _("running, saved %s"),
				       age);
	}
	if (strcmp(session->state, "crashed") == 0)
		return age ? g_strdup_printf(_("ended without a save; the last one is from %s"),
					     age)
			   : g_strdup(_("ended, and was never saved"));
	return age ? g_strdup_printf(_("saved %s, not running"), age)
		   : g_strdup(_("not running, never saved"));
}

static char *words_running(gulong running, gint64 oldest_us, gint64 now_us, gboolean unsaved)
{
	g_autofree char *age = NULL;

	if (oldest_us == 0)
		return g_strdup_printf(ngettext("%lu session is running, not saved yet",
						"%lu sessions are running, not all saved yet",
						running),
				       running);
	age = words_age(now_us, oldest_us);
	if (unsaved)
		return g_strdup_printf(
			ngettext("%lu session is running, unsaved changes, last saved %s",
				 "%lu sessions are running, unsaved changes, the oldest save is "
				 "from %s",
				 running),
			running, age);
	return g_strdup_printf(ngettext("%lu session is running, saved %s",
					"%lu sessions are running, the oldest save is from %s",
					running),
			       running, age);
}

char *words_all(const WordsSession *sessions, gsize n, gint64 now_us)
{
	const WordsSession *worst = NULL;
	Overall overall = OVERALL_NONE;
	gint64 oldest = G_MAXINT64;
	gulong running = 0;

	for (gsize i = 0; i < n; i++) {
		Overall one = words_overall(&sessions[i], now_us);

		if (one > overall)
			worst = &sessions[i];
		overall = MAX(overall, one);
		if (strcmp(sessions[i].state, "running") != 0)
			continue;
		running++;
		oldest = MIN(oldest, sessions[i].last_save_us);
	}
	if (worst && overall >= OVERALL_SAVING) {
		g_autofree char *state = words_session(worst, now_us);

		return g_strdup_printf("%s: %s", worst->name, state);
	}
	if (running == 0)
		return g_strdup(_("No session is running"));
	return words_running(running, oldest, now_us, overall == OVERALL_UNSAVED);
}

static char *words_since(gboolean runs, gboolean crashed, const char *age)
{
	if (runs)
		return crashed ? g_strdup_printf(_("It had ended without a save, and is as of the "
						   "last one: %s."),
						 age)
			       : g_strdup_printf(_("It is as it was saved %s."), age);
	return crashed ? g_strdup_printf(_("It ended without a save. The last save is from %s."),
					 age)
		       : g_strdup_printf(_("It was saved %s."), age);
}

char *words_return(gboolean runs, gboolean crashed, gint64 now_us, gint64 saved_us, gsize n_changes)
{
	g_autofree char *age = words_age(now_us, saved_us);
	g_autofree char *since = words_since(runs, crashed, age);
	g_autofree char *changes = NULL;
	gulong n = n_changes;

	if (n == 0)
		return g_steal_pointer(&since);
	changes = g_strdup_printf(
		ngettext("%lu file that it uses has been changed on the disk since.",
			 "%lu files that it uses have been changed on the disk since.", n),
		n);
	return g_strconcat(since, " ", changes, NULL);
}

char *words_cost(guint64 disk_bytes, guint64 total_us, guint64 pause_us)
{
	g_autofree char *size = g_format_size(disk_bytes);

	if (total_us == 0)
		return g_steal_pointer(&size);
	/* Translators: a size, and two durations in seconds */
	return g_strdup_printf(_("%s, took %.1f s, paused for %.1f s"), size,
			       (double)total_us / G_USEC_PER_SEC,
			       (double)pause_us / G_USEC_PER_SEC);
}

const char *words_reason(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} table[] = {
		{ "shutdown", N_("at shutdown") },
		{ "sleep", N_("before sleep") },
		{ "lid", N_("lid closed") },
		{ "logout", N_("at logout") },
		{ "battery", N_("battery low") },
		{ "autosave", N_("by itself") },
		{ "rollback", N_("before going back") },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		if (strcmp(table[i].reason, reason) == 0)
			return _(table[i].words);
	}
	return "";
}
