/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "save-report.h"

static void say(ReportLine line, gboolean bad, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void say(ReportLine line, gboolean bad, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	line(bad, text);
}

/* Return: the names in an `as` of the result, joined; NULL if there are none. */
static char *joined_names(GVariant *result, const char *key)
{
	g_autofree const char **names = NULL;

	if (!g_variant_lookup(result, key, "^a&s", &names) || !names[0])
		return NULL;
	return g_strjoinv(", ", (char **)names);
}

static char *joined_saves(GVariant *result)
{
	g_autoptr(GVariantIter) iter = NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	const char *name;
	guint32 number;

	if (!g_variant_lookup(result, "saved", "a(su)", &iter))
		return NULL;
	while (g_variant_iter_next(iter, "(&su)", &name, &number))
		g_string_append_printf(text, "%s%s (save %u)", text->len ? ", " : "", name, number);
	return text->len ? g_strdup(text->str) : NULL;
}

/* Return: whether there was none. */
static gboolean report_failures(GVariant *result, const char *what, ReportLine line)
{
	g_autoptr(GVariantIter) iter = NULL;
	const char *name, *message;
	gboolean none = TRUE;

	if (!g_variant_lookup(result, "failed", "a(ss)", &iter))
		return TRUE;
	while (g_variant_iter_next(iter, "(&s&s)", &name, &message)) {
		say(line, TRUE, "%s: session %s: %s", what, name, message);
		none = FALSE;
	}
	return none;
}

gboolean save_report(const struct saver_outcome *outcome, const char *occasion, ReportLine line)
{
	gint64 ms = outcome->elapsed_us / 1000;
	g_autofree char *saved = NULL, *late = NULL, *what = NULL;

	if (outcome->error) {
		say(line, TRUE, "%s: nothing was saved: %s", occasion, outcome->error->message);
		return FALSE;
	}
	saved = joined_saves(outcome->result);
	late = joined_names(outcome->result, "late");
	if (saved)
		say(line, FALSE, "%s: saved in %" G_GINT64_FORMAT " ms: %s", occasion, ms, saved);
	else
		say(line, FALSE, "%s: no session had anything to save (%" G_GINT64_FORMAT " ms)",
		    occasion, ms);
	if (late)
		say(line, TRUE, "%s: did not fit into the time that logind waits: %s", occasion,
		    late);
	what = g_strconcat(occasion, ": not saved", NULL);
	return report_failures(outcome->result, what, line);
}

gboolean restore_report(const struct saver_outcome *outcome, ReportLine line)
{
	gint64 ms = outcome->elapsed_us / 1000;
	g_autofree char *thawed = NULL, *locked = NULL, *ask = NULL, *crashed = NULL;

	if (outcome->error) {
		say(line, TRUE, "login: no session was brought back: %s", outcome->error->message);
		return FALSE;
	}
	thawed = joined_names(outcome->result, "thawed");
	locked = joined_names(outcome->result, "locked");
	ask = joined_names(outcome->result, "ask");
	crashed = joined_names(outcome->result, "crashed");
	if (thawed)
		say(line, FALSE, "login: brought back in %" G_GINT64_FORMAT " ms: %s", ms, thawed);
	if (crashed)
		say(line, TRUE, "login: ended without a save, so an older one is used: %s",
		    crashed);
	if (locked)
		say(line, FALSE, "login: waiting for a passphrase: %s", locked);
	if (ask)
		say(line, FALSE, "login: waiting for an answer: %s", ask);
	return report_failures(outcome->result, "login: not brought back", line);
}
