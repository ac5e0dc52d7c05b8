/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Runs a function in a child process and looks at its system calls, with ptrace and a seccomp
 * filter that stops only for those that are of interest. x86-64.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/** A system call of the child or of one of its threads. */
typedef struct {
	pid_t tid;
	long number;
	guint64 args[6];
	gint64 result; /* on leaving: negative errno or the value */
} TraceCall;

/** What becomes of a call that is about to be made. */
typedef enum {
	TRACE_GO,     /* it is made */
	TRACE_FOLLOW, /* it is made, and leave() is called after it */
	TRACE_SKIP,   /* it is not made; the child gets call->result */
	TRACE_CHANGE, /* it is made with the changed call->args */
	TRACE_KILL,   /* it is not made: the child is killed */
} TraceVerdict;

typedef struct {
	const int *calls; /* numbers of the system calls to stop for, ended by -1 */
	TraceVerdict (*enter)(TraceCall *call, gpointer user_data);
	void (*leave)(const TraceCall *call, gpointer user_data); /* NULL: never asked for */
	gpointer user_data;
} Tracer;

/**
 * Runs a function in a traced child.
 *
 * @param run  in the child; its result is the exit status
 * @return status of the child as of wait(2)
 */
int trace_run(const Tracer *tracer, int (*run)(gpointer user_data), gpointer user_data);

/**
 * Looks at the system calls of a process that runs already, and of what it starts from now on, at
 * a lower speed. This is done by a process of its own, in which the functions of the tracer are
 * called: what they are to tell has to be in shared memory.
 *
 * @return that process, for trace_detach()
 */
pid_t trace_attach(const Tracer *tracer, pid_t pid);

/** Lets go of all processes that are traced; they run on. */
void trace_detach(pid_t tracer);

/**
 * Tells what a call is about.
 *
 * @param[out] path   absolute, of the file that it is about; NULL if there is none
 * @param[out] other  the other one of a link or rename; the text of a symbolic link; else NULL.
 *                    Both to be freed with g_free()
 */
void trace_paths(const TraceCall *call, char **path, char **other);

/** Copies a NUL-terminated string out of the child. @return free with g_free(); NULL if it fails */
char *trace_read_string(pid_t tid, guint64 address);

/** Copies bytes out of the child. @return how many could be had */
gsize trace_read(pid_t tid, guint64 address, void *buffer, gsize length);
