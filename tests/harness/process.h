/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Running programs from tests: with captured output and a limit of time, or in the background; and
 * looking at the processes of the system.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

/** What a program that has ended left. Free with process_result_clear(). */
typedef struct {
	int status;	  /* exit status, or 128 + signal */
	bool timed_out;	  /* it and its process group were killed */
	bool output_held; /* it ended, but left somebody who keeps its output open */
	gint64 elapsed_us;
	char *out;
	char *err;
} ProcessResult;

/** What to run. */
struct process_request {
	const char *const *argv;  /* argv[0] is looked up in PATH */
	char *const *environment; /* NULL: the caller's */
	const char *input;	  /* for its stdin; NULL: /dev/null */
	int timeout_ms;
};

/** Runs a program to its end. result is filled in any case. */
void run_process(const struct process_request *request, ProcessResult *result);

/** Frees the strings in a result. */
void process_result_clear(ProcessResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProcessResult, process_result_clear)

/**
 * Starts a program in a process group of its own.
 *
 * @param keep_fd  a descriptor to pass on under its own number; -1: none
 * @param log      its stdout and stderr go there
 * @return its process id; the test fails if it can't be started
 */
pid_t start_process(const char *const *argv, char *const *environment, int keep_fd, int log);

/**
 * Starts a program as start_process() does, and waits until it writes a line to say that it is
 * ready.
 *
 * @param option  that tells the program the descriptor to write to; its number is the next argument
 * @param line    filled with the line, without its end
 */
pid_t start_until_ready(const char *const *argv, const char *option, char *const *environment,
			int log, char *line, size_t size);

/** Ends the process group of a child with SIGTERM, after 5 s with SIGKILL, and reaps the child. */
void stop_process(pid_t pid);

/** A process as /proc shows it. */
struct process_info {
	pid_t pid;
	pid_t parent;
	char name[32];
};

/**
 * Lists what descends from a process, zombies left out.
 *
 * @return array of struct process_info, free with g_array_unref()
 */
GArray *list_descendants(pid_t ancestor);

/**
 * @param field  as in /proc/PID/status, without the colon ("VmRSS")
 * @return its number, in KiB where it is memory; the test fails if the process has ended
 */
guint64 process_status(pid_t pid, const char *field);
