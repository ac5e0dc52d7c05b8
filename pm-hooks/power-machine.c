/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "power-machine.h"

#include <stddef.h>

/*
 * Theory of operation
 *
 * One table says for each phase and event what the next phase is and which steps are taken. The
 * steps, in the order in which they are carried out:
 *
 *   SAVE     the user's choice for the occasion. While a save that ends the sessions is running, a
 *            second one has nothing to add, and the occasion joins it. While a plain save is
 *            running, another one is queued, since what was typed after it began is not in it.
 *   ARM      from now on logind waits for at most its InhibitDelayMaxSec.
 *   DISARM   it waits no longer.
 *   LATE     say that the lock goes although not all is saved.
 *   UNLOCK   let logind go on. It is always safe to be without a lock: a save that has begun goes
 *            on, and the stop of the user's service manager waits for it (POWER_SESSION_END).
 *   SETTLE   UNLOCK unless a save is running, so that nobody waits for nothing.
 *   LOCK     ask for a lock unless it is held or asked for.
 *   RELOCK   ask for one even if one is held: a new logind may not know it.
 *   LATER    ask again after some time.
 *   UNDO     bring back the sessions that were ended for a shutdown that does not come, once the
 *            save that ends them is over.
 *   FINISH   quit if nothing is being saved.
 *
 * A lock is never needed to save: logind may have suspended again before the next lock was granted
 * (a lid that is still closed), or have refused it. Events that say nothing in a phase have no
 * entry: they change nothing.
 */
enum {
	SAVE = 1 << 0,
	ARM = 1 << 1,
	DISARM = 1 << 2,
	LATE = 1 << 3,
	UNLOCK = 1 << 4,
	SETTLE = 1 << 5,
	LOCK = 1 << 6,
	RELOCK = 1 << 7,
	LATER = 1 << 8,
	UNDO = 1 << 9,
	FINISH = 1 << 10,
};

struct transition {
	bool known;
	enum power_phase next;
	unsigned int steps;
};

#define TO(phase, steps)                                                                           \
	{                                                                                          \
		true, POWER_##phase, steps                                                         \
	}

static const struct transition transitions[POWER_PHASES][POWER_EVENTS] = {
	[POWER_AWAKE] = {
		[POWER_SHUTDOWN] = TO(GOING_DOWN, ARM | SAVE),
		[POWER_SLEEP] = TO(SLEEPING, ARM | SAVE),
		[POWER_LID_CLOSED] = TO(AWAKE, SAVE),
		[POWER_BATTERY_LOW] = TO(AWAKE, SAVE),
		[POWER_BATTERY_CRITICAL] = TO(AWAKE, SAVE),
		[POWER_BATTERY_ACTION] = TO(AWAKE, SAVE),
		[POWER_LOGOUT] = TO(AWAKE, SAVE),
		[POWER_SESSION_END] = TO(LEAVING, SAVE | FINISH),
		[POWER_SLEEP_END] = TO(AWAKE, LOCK),
		[POWER_SHUTDOWN_END] = TO(AWAKE, LOCK),
		[POWER_LOGIND_UP] = TO(AWAKE, RELOCK),
		[POWER_LOCK_REFUSED] = TO(AWAKE, LATER),
		[POWER_LOCK_RETRY] = TO(AWAKE, LOCK),
		[POWER_SAVED] = TO(AWAKE, UNDO),
		[POWER_STOP] = TO(LEAVING, FINISH),
	},
	[POWER_SLEEPING] = {
		[POWER_SHUTDOWN] = TO(GOING_DOWN, ARM | SAVE),
		[POWER_SLEEP] = TO(SLEEPING, ARM | SAVE),
		[POWER_LID_CLOSED] = TO(SLEEPING, SAVE),
		[POWER_BATTERY_LOW] = TO(SLEEPING, SAVE),
		[POWER_BATTERY_CRITICAL] = TO(SLEEPING, SAVE),
		[POWER_BATTERY_ACTION] = TO(SLEEPING, SAVE),
		[POWER_LOGOUT] = TO(SLEEPING, SAVE),
		[POWER_SESSION_END] = TO(LEAVING, SAVE | FINISH),
		[POWER_SLEEP_END] = TO(AWAKE, DISARM | LOCK),
		[POWER_LOCK_GRANTED] = TO(SLEEPING, SETTLE),
		[POWER_SAVED] = TO(SLEEPING, DISARM | UNLOCK),
		[POWER_DEADLINE] = TO(SLEEPING, LATE | UNLOCK),
		[POWER_STOP] = TO(LEAVING, FINISH),
	},
	[POWER_GOING_DOWN] = {
		[POWER_SHUTDOWN] = TO(GOING_DOWN, ARM | SAVE),
		[POWER_SLEEP] = TO(GOING_DOWN, SAVE),
		[POWER_BATTERY_ACTION] = TO(GOING_DOWN, SAVE),
		[POWER_LOGOUT] = TO(GOING_DOWN, SAVE),
		[POWER_SESSION_END] = TO(LEAVING, SAVE | FINISH),
		[POWER_SHUTDOWN_END] = TO(AWAKE, DISARM | LOCK | UNDO),
		[POWER_LOCK_GRANTED] = TO(GOING_DOWN, SETTLE),
		[POWER_SAVED] = TO(GOING_DOWN, DISARM | UNLOCK),
		[POWER_DEADLINE] = TO(GOING_DOWN, LATE | UNLOCK),
		[POWER_STOP] = TO(LEAVING, FINISH),
	},
	[POWER_LEAVING] = {
		[POWER_SHUTDOWN] = TO(LEAVING, ARM | SAVE),
		[POWER_SESSION_END] = TO(LEAVING, SAVE),
		[POWER_LOCK_GRANTED] = TO(LEAVING, SETTLE),
		[POWER_SAVED] = TO(LEAVING, DISARM | UNLOCK | FINISH),
		[POWER_DEADLINE] = TO(LEAVING, LATE | UNLOCK),
	},
};

void power_machine_init(struct power_machine *machine, const struct power_ops *ops, void *data)
{
	*machine = (struct power_machine){ .ops = ops, .data = data };
}

static void begin_save(struct power_machine *machine, enum power_event occasion,
		       enum power_action action)
{
	machine->running = action;
	if (action == POWER_SAVE_STOP && machine->phase == POWER_GOING_DOWN)
		machine->ended = true;
	machine->ops->save(machine->data, occasion, action);
}

static void step_save(struct power_machine *machine, enum power_event occasion)
{
	enum power_action action = machine->ops->action(machine->data, occasion);

	if (action == POWER_NOTHING || machine->running == POWER_SAVE_STOP)
		return;
	if (machine->running == POWER_NOTHING) {
		begin_save(machine, occasion, action);
	} else if (action >= machine->queued) {
		machine->queued = action;
		machine->queued_occasion = occasion;
	}
}

static void step_lock(struct power_machine *machine, bool again)
{
	if (machine->lock_asked || (machine->lock_held && !again))
		return;
	machine->lock_asked = true;
	machine->ops->take_lock(machine->data);
}

static void step_unlock(struct power_machine *machine)
{
	if (machine->lock_held)
		machine->ops->release_lock(machine->data);
	machine->lock_held = false;
}

static void step_undo(struct power_machine *machine)
{
	if (machine->queued_occasion == POWER_SHUTDOWN)
		machine->queued = POWER_NOTHING;
	if (machine->running != POWER_NOTHING)
		return; /* the end of the save comes here again */
	if (machine->ended)
		machine->ops->restore(machine->data);
	machine->ended = false;
}

static void take_steps(struct power_machine *machine, enum power_event event, unsigned int steps)
{
	if (steps & ARM)
		machine->ops->arm_deadline(machine->data);
	if (steps & SAVE)
		step_save(machine, event);
	if (steps & DISARM)
		machine->ops->disarm_deadline(machine->data);
	if ((steps & LATE) && machine->running != POWER_NOTHING)
		machine->ops->report_late(machine->data);
	if (steps & UNLOCK)
		step_unlock(machine);
	if ((steps & SETTLE) && machine->running == POWER_NOTHING)
		step_unlock(machine);
	if (steps & (LOCK | RELOCK))
		step_lock(machine, steps & RELOCK);
	if (steps & LATER)
		machine->ops->retry_later(machine->data);
	if (steps & UNDO)
		step_undo(machine);
	if ((steps & FINISH) && machine->running == POWER_NOTHING)
		machine->ops->quit(machine->data);
}

/* What was queued while a save was running begins now. Return: whether there was something. */
static bool begin_queued(struct power_machine *machine)
{
	enum power_action action = machine->queued;

	machine->running = POWER_NOTHING;
	machine->queued = POWER_NOTHING;
	if (action == POWER_NOTHING)
		return false;
	begin_save(machine, machine->queued_occasion, action);
	return true;
}

static void note_lock(struct power_machine *machine, enum power_event event)
{
	if (event != POWER_LOCK_GRANTED && event != POWER_LOCK_REFUSED)
		return;
	machine->lock_asked = false;
	if (event == POWER_LOCK_GRANTED)
		machine->lock_held = true;
}

void power_machine_event(struct power_machine *machine, enum power_event event)
{
	const struct transition *transition = &transitions[machine->phase][event];
	bool waits;

	note_lock(machine, event);
	if (event == POWER_SAVED && begin_queued(machine))
		return;
	if (!transition->known)
		return;
	machine->phase = transition->next;
	take_steps(machine, event, transition->steps);

	/* Nothing to save at this occasion: what would have waited for it goes on. */
	waits = (transition->steps & ARM) && machine->running == POWER_NOTHING;
	if (waits)
		power_machine_event(machine, POWER_SAVED);
}

const char *power_event_name(enum power_event event)
{
	static const char *const names[POWER_EVENTS] = {
		[POWER_SHUTDOWN] = "shutdown",
		[POWER_SLEEP] = "sleep",
		[POWER_LID_CLOSED] = "lid-closed",
		[POWER_BATTERY_LOW] = "battery-low",
		[POWER_BATTERY_CRITICAL] = "battery-critical",
		[POWER_BATTERY_ACTION] = "battery-action",
		[POWER_LOGOUT] = "logout",
		[POWER_SESSION_END] = "session-end",
		[POWER_SLEEP_END] = "sleep-end",
		[POWER_SHUTDOWN_END] = "shutdown-end",
		[POWER_LOGIND_UP] = "logind-up",
		[POWER_LOCK_GRANTED] = "lock-granted",
		[POWER_LOCK_REFUSED] = "lock-refused",
		[POWER_LOCK_RETRY] = "lock-retry",
		[POWER_SAVED] = "saved",
		[POWER_DEADLINE] = "deadline",
		[POWER_STOP] = "stop",
	};

	return names[event];
}
