/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the desktop says of sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>

#include "desktop/words.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define NOW    (G_GINT64_CONSTANT(1795262400) * SECOND) /* 21 November 2026, 12:00 UTC */

static void assert_age(gint64 age_us, const char *words)
{
	g_autofree char *said = words_age(NOW, NOW - age_us);

	assert_string_equal(said, words);
}

static void test_age(void **state)
{
	assert_age(0, "just now");
	assert_age(59 * SECOND, "just now");
	assert_age(MINUTE, "1 minute ago");
	assert_age(59 * MINUTE, "59 minutes ago");
	assert_age(HOUR, "1 hour ago");
	assert_age(23 * HOUR, "23 hours ago");
	assert_age(25 * HOUR, "yesterday, 11:00");
	assert_age(72 * HOUR, "Wednesday, 12:00");
	assert_age(60 * 24 * HOUR, "22 September 2026, 12:00");
	/* A clock that was set back: the moment is true, an age would not be. */
	assert_age(-HOUR, "today, 13:00");
}

static const WordsSession running = {
	.name = "work",
	.state = "running",
	.activity = "",
	.problem = "",
	.last_save_us = NOW - 5 * MINUTE,
	.unsaved = TRUE,
};

static void assert_said(const WordsSession *session, Overall overall, const char *words)
{
	g_autofree char *said = words_session(session, NOW);

	assert_string_equal(said, words);
	assert_int_equal(words_overall(session, NOW), overall);
}

static void test_session(void **state)
{
	WordsSession session = running;

	assert_said(&session, OVERALL_SAVED, "running, saved 5 minutes ago");
	session.last_save_us = NOW - 2 * HOUR;
	assert_said(&session, OVERALL_UNSAVED, "running, unsaved changes, last saved 2 hours ago");
	session.unsaved = FALSE;
	assert_said(&session, OVERALL_SAVED, "running, saved 2 hours ago");
	session.activity = "saving";
	assert_said(&session, OVERALL_SAVING, "saving…");
	session = running;
	session.last_save_us = 0;
	assert_said(&session, OVERALL_UNSAVED, "running, never saved");
	session = running;
	session.state = "saved";
	assert_said(&session, OVERALL_NONE, "saved 5 minutes ago, not running");
	session.state = "crashed";
	assert_said(&session, OVERALL_PROBLEM,
		    "ended without a save; the last one is from 5 minutes ago");
	session.problem = "save 3 is damaged";
	assert_said(&session, OVERALL_PROBLEM, "save 3 is damaged");
}

static void assert_all(const WordsSession *sessions, gsize n, const char *words)
{
	g_autofree char *said = words_all(sessions, n, NOW);

	assert_string_equal(said, words);
}

static void test_all(void **state)
{
	WordsSession sessions[2] = { running, running };

	assert_all(sessions, 0, "No session is running");
	assert_all(sessions, 1, "1 session is running, saved 5 minutes ago");
	sessions[1].last_save_us = NOW - HOUR;
	assert_all(sessions, 2,
		   "2 sessions are running, unsaved changes, the oldest save is from 1 hour ago");
	sessions[1].unsaved = FALSE;
	assert_all(sessions, 2, "2 sessions are running, the oldest save is from 1 hour ago");
	sessions[1].activity = "saving";
	assert_all(sessions, 2, "work: saving…");
	sessions[0].problem = "save 3 is damaged";
	assert_all(sessions, 2, "work: save 3 is damaged");
	sessions[0].problem = "";
	sessions[1].activity = "";
	sessions[1].last_save_us = 0;
	assert_all(sessions, 2, "2 sessions are running, not all saved yet");
	sessions[1].state = "stopped";
	assert_all(sessions, 2, "1 session is running, saved 5 minutes ago");
}

/* Each state has an icon of its own: at a glance means without reading. */
static void test_icons_differ(void **state)
{
	for (Overall a = OVERALL_NONE; a <= OVERALL_PROBLEM; a++) {
		for (Overall b = a + 1; b <= OVERALL_PROBLEM; b++)
			assert_string_not_equal(words_icon(a), words_icon(b));
	}
}

static void assert_return(gboolean runs, gboolean crashed, gsize n_changes, const char *words)
{
	g_autofree char *said = words_return(runs, crashed, NOW, NOW - HOUR, n_changes);

	assert_string_equal(said, words);
}

static void test_return(void **state)
{
	assert_return(TRUE, FALSE, 0, "It is as it was saved 1 hour ago.");
	assert_return(TRUE, TRUE, 1,
		      "It had ended without a save, and is as of the last one: 1 hour ago. "
		      "1 file that it uses has been changed on the disk since.");
	assert_return(FALSE, FALSE, 2,
		      "It was saved 1 hour ago. "
		      "2 files that it uses have been changed on the disk since.");
	assert_return(FALSE, TRUE, 0, "It ended without a save. The last save is from 1 hour ago.");
}

static void test_cost(void **state)
{
	g_autofree char *whole = words_cost(4500000, 3900000, 680000);
	g_autofree char *unknown = words_cost(4500000, 0, 0);

	assert_string_equal(whole, "4.5\u00a0MB, took 3.9 s, paused for 0.7 s");
	assert_string_equal(unknown, "4.5\u00a0MB");
}

static void test_reason(void **state)
{
	assert_string_equal(words_reason("shutdown"), "at shutdown");
	assert_string_equal(words_reason("manual"), "");
	assert_string_equal(words_reason("something new"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_age),    cmocka_unit_test(test_session),
		cmocka_unit_test(test_all),    cmocka_unit_test(test_icons_differ),
		cmocka_unit_test(test_reason), cmocka_unit_test(test_return),
		cmocka_unit_test(test_cost),
	};

	g_setenv("TZ", "UTC", TRUE);
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
