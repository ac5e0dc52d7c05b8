/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine against a log: each test feeds events and compares what the machine did, in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

#include "pm-hooks/event-table.h"
#include "pm-hooks/power-machine.h"

struct rig {
	struct power_machine machine;
	struct event_table table;
	GString *log;
};

static void note(struct rig *rig, const char *text)
{
	g_string_append_printf(rig->log, "%s%s", rig->log->len ? " " : "", text);
}

static enum power_action op_action(void *data, enum power_event occasion)
{
	const struct rig *rig = data;

	return rig->table.actions[occasion];
}

static void op_save(void *data, enum power_event occasion, enum power_action action)
{
	g_autofree char *text = g_strdup_printf("%s:%s",
						action == POWER_SAVE_STOP ? "save-stop" : "save",
						power_event_name(occasion));

	note(data, text);
}

#define OP(name)                                                                                   \
	static void op_##name(void *data)                                                          \
	{                                                                                          \
		note(data, #name);                                                                 \
	}
OP(take_lock)
OP(release_lock)
OP(retry_later)
OP(arm_deadline)
OP(disarm_deadline)
OP(report_late)
OP(restore)
OP(quit)

static const struct power_ops ops = {
	.action = op_action,
	.take_lock = op_take_lock,
	.release_lock = op_release_lock,
	.retry_later = op_retry_later,
	.save = op_save,
	.arm_deadline = op_arm_deadline,
	.disarm_deadline = op_disarm_deadline,
	.report_late = op_report_late,
	.restore = op_restore,
	.quit = op_quit,
};

static int setup(void **state)
{
	struct rig *rig = g_new0(struct rig, 1);

	event_table_init(&rig->table);
	rig->log = g_string_new(NULL);
	power_machine_init(&rig->machine, &ops, rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	g_string_free(rig->log, TRUE);
	g_free(rig);
	return 0;
}

/* Feeds events, up to POWER_EVENTS, and compares what is done. */
static void expect(struct rig *rig, const char *done, ...)
{
	va_list events;
	int event;

	g_string_truncate(rig->log, 0);
	va_start(events, done);
	while ((event = va_arg(events, int)) != POWER_EVENTS)
		power_machine_event(&rig->machine, (enum power_event)event);
	va_end(events);
	assert_string_equal(rig->log->str, done);
}
#define EXPECT(rig, done, ...) expect(rig, done, __VA_ARGS__, POWER_EVENTS)

static void start_with_lock(struct rig *rig)
{
	EXPECT(rig, "take_lock", POWER_SLEEP_END, POWER_SHUTDOWN_END, POWER_LOGIND_UP,
	       POWER_LOCK_GRANTED);
}

static void test_sleep_and_wake(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save:sleep", POWER_SLEEP);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
	EXPECT(rig, "disarm_deadline take_lock", POWER_SLEEP_END);
	EXPECT(rig, "", POWER_LOCK_GRANTED);
	EXPECT(rig, "arm_deadline save:sleep", POWER_SLEEP);
}

static void test_shutdown(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save-stop:shutdown", POWER_SHUTDOWN);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
	/* The service manager stops: whatever was started meanwhile, or had failed. */
	EXPECT(rig, "save-stop:session-end", POWER_SESSION_END);
	EXPECT(rig, "disarm_deadline quit", POWER_SAVED);
}

static void test_too_slow_for_logind(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save-stop:shutdown", POWER_SHUTDOWN);
	EXPECT(rig, "report_late release_lock", POWER_DEADLINE);
	/* The second net joins what is under way and ends after it, not before. */
	EXPECT(rig, "", POWER_SESSION_END);
	EXPECT(rig, "disarm_deadline quit", POWER_SAVED);
}

static void test_deadline_after_the_end(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save:sleep disarm_deadline release_lock", POWER_SLEEP,
	       POWER_SAVED);
	EXPECT(rig, "", POWER_DEADLINE); /* was on its way already */
}

static void test_sleep_without_lock(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save:sleep disarm_deadline release_lock", POWER_SLEEP,
	       POWER_SAVED);
	/* The lid is still closed: asleep again before the next lock was granted. */
	EXPECT(rig, "disarm_deadline take_lock arm_deadline save:sleep", POWER_SLEEP_END,
	       POWER_SLEEP);
	EXPECT(rig, "disarm_deadline", POWER_SAVED);
	EXPECT(rig, "release_lock", POWER_LOCK_GRANTED); /* late: nobody shall wait for us */
	EXPECT(rig, "disarm_deadline take_lock", POWER_SLEEP_END);
}

static void test_lock_granted_while_saving(void **state)
{
	struct rig *rig = *state;

	EXPECT(rig, "take_lock", POWER_LOGIND_UP);
	EXPECT(rig, "arm_deadline save:sleep", POWER_SLEEP);
	EXPECT(rig, "", POWER_LOCK_GRANTED);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
}

static void test_sleep_again_while_saving(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save:sleep", POWER_SLEEP);
	EXPECT(rig, "report_late release_lock", POWER_DEADLINE);
	EXPECT(rig, "disarm_deadline take_lock", POWER_SLEEP_END);
	EXPECT(rig, "arm_deadline", POWER_LOCK_GRANTED, POWER_SLEEP); /* queued */
	EXPECT(rig, "save:sleep", POWER_SAVED);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
}

static void test_shutdown_while_saving_for_sleep(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save:sleep arm_deadline", POWER_SLEEP, POWER_SHUTDOWN);
	EXPECT(rig, "save-stop:shutdown", POWER_SAVED);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
}

static void test_sleep_during_shutdown(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save-stop:shutdown", POWER_SHUTDOWN);
	EXPECT(rig, "", POWER_SLEEP, POWER_SLEEP_END);
	EXPECT(rig, "disarm_deadline release_lock", POWER_SAVED);
	EXPECT(rig, "save:sleep", POWER_SLEEP); /* something was started since */
}

static void test_shutdown_called_off(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save-stop:shutdown disarm_deadline release_lock", POWER_SHUTDOWN,
	       POWER_SAVED);
	EXPECT(rig, "disarm_deadline take_lock restore", POWER_SHUTDOWN_END);
	EXPECT(rig, "", POWER_LOCK_GRANTED, POWER_SHUTDOWN_END);
}

static void test_shutdown_called_off_while_saving(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "arm_deadline save-stop:shutdown", POWER_SHUTDOWN);
	EXPECT(rig, "disarm_deadline", POWER_SHUTDOWN_END);
	EXPECT(rig, "restore", POWER_SAVED);
}

static void test_queued_shutdown_called_off(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "save:battery-low arm_deadline", POWER_BATTERY_LOW, POWER_SHUTDOWN);
	EXPECT(rig, "disarm_deadline", POWER_SHUTDOWN_END);
	EXPECT(rig, "", POWER_SAVED); /* nothing was ended, nothing is to be brought back */
}

static void test_refused(void **state)
{
	struct rig *rig = *state;

	EXPECT(rig, "take_lock retry_later", POWER_LOGIND_UP, POWER_LOCK_REFUSED);
	EXPECT(rig, "take_lock retry_later", POWER_LOCK_RETRY, POWER_LOCK_REFUSED);
	EXPECT(rig, "arm_deadline save:sleep disarm_deadline", POWER_SLEEP, POWER_SAVED);
	EXPECT(rig, "", POWER_LOCK_RETRY); /* not while it sleeps */
	EXPECT(rig, "disarm_deadline take_lock", POWER_SLEEP_END, POWER_LOCK_GRANTED);
}

static void test_logind_restart(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "take_lock", POWER_SLEEP_END, POWER_SHUTDOWN_END, POWER_LOGIND_UP);
	EXPECT(rig, "", POWER_LOCK_GRANTED);
	/* In the middle of a sleep that nobody will tell the end of. */
	EXPECT(rig, "arm_deadline save:sleep", POWER_SLEEP);
	EXPECT(rig, "disarm_deadline take_lock", POWER_SLEEP_END, POWER_LOGIND_UP);
	EXPECT(rig, "", POWER_LOCK_GRANTED, POWER_SAVED);
}

static void test_events_while_awake(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "save:battery-low", POWER_BATTERY_LOW);
	EXPECT(rig, "", POWER_BATTERY_CRITICAL, POWER_LID_CLOSED);
	EXPECT(rig, "save:lid-closed", POWER_SAVED); /* one more for both */
	EXPECT(rig, "save-stop:logout", POWER_SAVED, POWER_LOGOUT);
	EXPECT(rig, "", POWER_BATTERY_ACTION, POWER_SAVED);
}

static void test_stop_of_the_service(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "quit", POWER_STOP);
}

static void test_stop_while_saving(void **state)
{
	struct rig *rig = *state;

	start_with_lock(rig);
	EXPECT(rig, "save:battery-low", POWER_BATTERY_LOW, POWER_STOP);
	EXPECT(rig, "disarm_deadline release_lock quit", POWER_SAVED);
}

static void test_nothing_configured(void **state)
{
	struct rig *rig = *state;

	rig->table.actions[POWER_SHUTDOWN] = POWER_NOTHING;
	rig->table.actions[POWER_SESSION_END] = POWER_NOTHING;
	start_with_lock(rig);
	EXPECT(rig, "arm_deadline disarm_deadline release_lock", POWER_SHUTDOWN);
	EXPECT(rig, "quit", POWER_SESSION_END);
}

/* In each phase, any event must leave a machine that still lets logind go on in the end. */
static void test_every_event_in_every_phase(void **state)
{
	struct rig *rig = *state;

	for (int phase = 0; phase < POWER_PHASES; phase++) {
		for (int event = 0; event < POWER_EVENTS; event++) {
			power_machine_init(&rig->machine, &ops, rig);
			start_with_lock(rig);
			rig->machine.phase = (enum power_phase)phase;
			power_machine_event(&rig->machine, (enum power_event)event);
			while (rig->machine.running != POWER_NOTHING)
				power_machine_event(&rig->machine, POWER_SAVED);
			power_machine_event(&rig->machine, POWER_SHUTDOWN);
			power_machine_event(&rig->machine, POWER_DEADLINE);
			while (rig->machine.running != POWER_NOTHING)
				power_machine_event(&rig->machine, POWER_SAVED);
			assert_false(rig->machine.lock_held);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sleep_and_wake),
		TEST(shutdown),
		TEST(too_slow_for_logind),
		TEST(deadline_after_the_end),
		TEST(sleep_without_lock),
		TEST(lock_granted_while_saving),
		TEST(sleep_again_while_saving),
		TEST(shutdown_while_saving_for_sleep),
		TEST(sleep_during_shutdown),
		TEST(shutdown_called_off),
		TEST(shutdown_called_off_while_saving),
		TEST(queued_shutdown_called_off),
		TEST(refused),
		TEST(logind_restart),
		TEST(events_while_awake),
		TEST(stop_of_the_service),
		TEST(stop_while_saving),
		TEST(nothing_configured),
		TEST(every_event_in_every_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
