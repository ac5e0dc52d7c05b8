/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Programs of the user: starting them as the user, and the table of those that run.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "launcher/frame.h"
#include "launcher/guest/config.h"
#include "launcher/guest/environment.h"

/** What to start. All borrowed. */
struct program {
	const char *cwd;	      /* the home directory instead if it can't be entered */
	const char *const *arguments; /* [0] is looked up in the environment's PATH */
	const struct environment *environment;
	int fds[4];	       /* become 0, 1, 2 and 3 */
	unsigned int fd_count; /* how many of them, at most 4 */
	bool as_root;	       /* stays the guest's root */
};

/**
 * Starts a program as the user, in a session of its own, without a controlling terminal.
 *
 * @return its pid, or a negative errno (ENOENT, EACCES, ... also if it could not be executed)
 */
pid_t program_start(const struct config *config, const struct program *program);

/**
 * Starts a program as the guest's root, at its top directory.
 *
 * @param fds  become 0, 1 and 2
 * @return as program_start()
 */
pid_t program_start_root(const struct config *config, const char *const *arguments,
			 const int fds[3]);

/** One started by a RUN request. */
struct program_entry {
	struct program_entry *next;
	pid_t pid;
	int64_t started; /* CLOCK_REALTIME, seconds */
	char *command;	 /* arguments, separated by blanks */
};

struct programs {
	struct program_entry *first;
	size_t count;
};

/** Enters a program into the table. @return 0, or -ENOMEM; the program runs on unlisted then */
int programs_add(struct programs *programs, pid_t pid, const char *const *arguments);

/** Takes a program that has ended out of the table. @return whether it was in it */
bool programs_remove(struct programs *programs, pid_t pid);

/** Appends a "pid\tstarted\tcommand" string for each program. */
void programs_list(const struct programs *programs, struct vk_payload *payload);
