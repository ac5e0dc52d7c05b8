/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What to do when the system is about to sleep, to shut down, or the user's login ends: a state
 * machine that knows no bus, no clock and no file. It is fed with events, in whatever order they
 * come, and acts through a table of functions.
 */
#pragma once

#include <stdbool.h>

/** What can happen. The order is that of power_event_name(). */
enum power_event {
	/* Occasions to save; what is done at each is the user's choice (event-table.h). */
	POWER_SHUTDOWN,	   /* logind: PrepareForShutdown(true) */
	POWER_SLEEP,	   /* logind: PrepareForSleep(true) */
	POWER_LID_CLOSED,  /* logind or UPower */
	POWER_BATTERY_LOW, /* UPower's warning levels */
	POWER_BATTERY_CRITICAL,
	POWER_BATTERY_ACTION,
	POWER_LOGOUT,	   /* the user's last graphical login has ended */
	POWER_SESSION_END, /* the user's service manager stops: the second net */
	POWER_OCCASIONS,

	/* The rest only changes what is going on. */
	POWER_SLEEP_END = POWER_OCCASIONS, /* PrepareForSleep(false): awake again */
	POWER_SHUTDOWN_END,		   /* PrepareForShutdown(false): it was called off */
	POWER_LOGIND_UP,		   /* it is there (again) */
	POWER_LOCK_GRANTED,
	POWER_LOCK_REFUSED,
	POWER_LOCK_RETRY, /* the time after a refusal is over */
	POWER_SAVED,	  /* what save() began has ended, well or not */
	POWER_DEADLINE,	  /* the time that logind waits is nearly over */
	POWER_STOP,	  /* only this service is stopped; the user's login goes on */
	POWER_EVENTS
};

/** What is done at an occasion; a greater one includes the lesser. */
enum power_action {
	POWER_NOTHING,
	POWER_SAVE,	 /* save all sessions that run */
	POWER_SAVE_STOP, /* save and end them */
};

enum power_phase {
	POWER_AWAKE,
	POWER_SLEEPING,	  /* between PrepareForSleep(true) and (false) */
	POWER_GOING_DOWN, /* after PrepareForShutdown(true) */
	POWER_LEAVING,	  /* the service ends as soon as nothing is being saved */
	POWER_PHASES
};

/** How the machine acts. All return at once; what comes of it is an event. */
struct power_ops {
	/** @return what the user wants at an occasion */
	enum power_action (*action)(void *data, enum power_event occasion);
	/** Asks logind for a lock: POWER_LOCK_GRANTED or POWER_LOCK_REFUSED follows. */
	void (*take_lock)(void *data);
	/** Gives back the lock, or all of them. */
	void (*release_lock)(void *data);
	/** POWER_LOCK_RETRY shall come after some time. */
	void (*retry_later)(void *data);
	/** Begins to save all sessions: POWER_SAVED follows. */
	void (*save)(void *data, enum power_event occasion, enum power_action action);
	/** POWER_DEADLINE shall come when logind will wait no longer; again: from now. */
	void (*arm_deadline)(void *data);
	void (*disarm_deadline)(void *data);
	/** Says that the lock is released although not all is saved. */
	void (*report_late)(void *data);
	/** Brings back what was ended for a shutdown that was called off. */
	void (*restore)(void *data);
	/** Ends the service. */
	void (*quit)(void *data);
};

struct power_machine {
	const struct power_ops *ops;
	void *data;
	enum power_phase phase;
	bool lock_held;
	bool lock_asked; /* a request is under way */
	bool ended;	 /* sessions were ended for the shutdown that is under way */
	enum power_action running, queued;
	enum power_event queued_occasion;
};

/**
 * Makes the machine: awake, without a lock.
 *
 * @param ops, data  borrowed for its life; `data` is passed to each of the ops
 */
void power_machine_init(struct power_machine *machine, const struct power_ops *ops, void *data);

/** Tells it that something has happened. The ops must not call this from within. */
void power_machine_event(struct power_machine *machine, enum power_event event);

/** @return the event's name in the configuration and in messages, such as "lid-closed" */
const char *power_event_name(enum power_event event);
