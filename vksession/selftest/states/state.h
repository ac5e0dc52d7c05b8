/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What every state has around it.
 *
 * A state is a small program that puts itself into one kind of state that a guest can hold, says
 * that it is ready, stands still while the guest is saved and thawed (or not), and then looks
 * whether all is as it was. One source file a state; its run() reads from top to bottom:
 *
 *   set up - ready() - check
 *
 * run() returns if all is well. fail() and skip() end the program with the cause in one line.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vksession/selftest/states/pattern.h"

enum {
	STATE_ROOT = 1,	  /* runs as the guest's root; all others run as the user */
	STATE_PLACES = 2, /* runs once for each place that files can be at */
	STATE_SPINS = 4,  /* computes all the time; gets a low priority once it is ready */
	STATE_TELLS = 8,  /* what it tells is compared between two thaws of one save */
};

struct state {
	const char *name;
	const char *summary; /* what is looked at, a few words */
	unsigned int flags;
	void (*run)(void);
};

/** All states, NULL-terminated. */
extern const struct state *const states[];

/* ---- frame.c: the course of a state ---- */

/**
 * Tells that the state is set up, and returns when it is time to check.
 * @return how often the guest was thawed in between
 */
int ready(void);

/** Says, if all is well, what must be other words in another thaw of the same save. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Ends the program: something is not as it was. @param format  the cause, one line */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Ends the program: this guest can't have the state. @param format  what it lacks, one line */
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** Fails with a cause if a condition does not hold. */
#define expect(condition, ...)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail(__VA_ARGS__);                                                         \
	} while (0)

/**
 * Fails with the text of a call and of errno if it returned a negative number. A system call that
 * the kernel does not have makes the state skipped instead.
 * @return what the call returned
 */
#define must(call) must_named((long)(call), #call)
long must_named(long result, const char *call);

/** Runs a state in this process, whose descriptor 3 leads to the conductor. Does not return. */
void state_main(const struct state *state, const char *place) __attribute__((noreturn));

/* ---- scenery.c: what many states are made of ---- */

/**
 * Forks. The child ends with its parent and does not hold the way to the conductor.
 * @return as fork(2)
 */
pid_t fork_child(void);

/** Starts a thread that nobody joins; its stack is small. */
void start_thread(void *(*body)(void *), void *data);

/** Waits for a child and fails unless it ended with exit status 0. */
void expect_child(pid_t pid, const char *who);

/** What a child that works all the time shares with its parent. */
struct work {
	volatile int rounds; /* the child sets it, again and again */
	volatile int stop;   /* the parent's wish */
	volatile int bad;    /* the child has found something wrong, see its program */
};

/**
 * Has a child work before, during and after the save.
 *
 * @param body  works until it is to stop, and returns
 * @param what  it does
 * @return what it has found wrong; 0: nothing
 */
int work_through(void (*body)(struct work *work), const char *what);

/** Waits until a descriptor is readable. @return whether it was, within the time */
bool becomes_readable(int fd, int timeout_ms);

/** Reads exactly this many bytes, else fails. */
void read_all(int fd, void *data, size_t length);

/** Waits until *word is not 0. Fails after 30 s. */
void await_word(const volatile int *word, const char *what);

/** Waits until a process of the guest sleeps (state S) or has the state given. */
void await_process_state(pid_t pid, char letter);

/** @return time of a clock, nanoseconds */
int64_t now_ns(clockid_t clock);

#define MS 1000000LL /* ns */

/** Blocks for a time on CLOCK_MONOTONIC, whatever signals come. */
void pass_time(int ms);

/** Path of a file at a place. Valid until the next call. */
const char *at_place(const char *place, const char *name);
/** The same, at the place that the state runs for. */
const char *here(const char *name);
/** Name of the place: "tmpfs", "overlay", "hostfs" or "disk"; "" for a state without places. */
extern const char *place_name;

/** @return which of place_names[] (place.h) that is, from 0 */
unsigned int place_number(void);

/** @return whether the kernel offers something, by a file of /proc or /sys */
bool kernel_has(const char *path);

/** Makes a user namespace in which this process is root, with further namespaces. */
void enter_user_namespace(int flags);

/** Writes a text to a file that exists, else fails. */
void write_text(const char *path, const char *text);
/** Reads a small file; the result is valid until the next call. */
const char *read_text(const char *path);
