/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file One state as the conductor sees it: a process that reports. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "vksession/selftest/states/conductor.h"

enum phase { PHASE_SET_UP, PHASE_READY, PHASE_CHECK, PHASE_OVER };

struct performer {
	char name[64]; /* of the state, with "@PLACE" if it has places */
	pid_t pid;
	bool spins; /* computes all the time */
	int fd;
	enum phase phase;
	char word[16];	       /* of the last report */
	char text[REPORT_MAX]; /* the rest of it */
};

/**
 * Makes the directories that states work in.
 *
 * @param shared  directory of the host
 * @param user    who the states are to run as
 * @return 0, or -1 with errno
 */
int performer_prepare(const char *shared, const struct ucred *user);

/** Starts a state. @return 0, or -1 with errno; the phase is PHASE_OVER then */
int performer_start(struct performer *performer, const char *name, const struct ucred *user);

/**
 * Tells a state to check itself.
 * @param thaws  how often the guest was thawed since the state was set up
 * @return 0, or -1 if it is not there any more
 */
int performer_check(struct performer *performer, int thaws);

/** Reads a report, or learns of the end. @return whether there is something new to tell */
bool performer_take_report(struct performer *performer);

/** Ends a state's processes. */
void performer_end(struct performer *performer);
