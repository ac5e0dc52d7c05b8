/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A session without a vkernel, for tests of the viewer: the guest's display stack runs on the host,
 * with a program in it, and a runtime directory as a launcher would make it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tests/harness/xserver.h"
#include "xproxy/xproxy.h"

#define STAGE_MS 60000 /* for one thing to happen, however slow the machine */

struct stage {
	char *dir; /* RUN; the stack's files are there, too */
	char *log_path;
	int log;
	pid_t stack; /* vkdisplay */
	pid_t xterm;
	char display[16];	  /* in the "guest" */
	char announcements[1024]; /* what vkdisplay has told */
};

/** Starts the stack, waits until viewers are served, and starts an xterm at +100+150 in it. */
void stage_set(struct stage *stage);

/** Ends all of it and removes the directory. */
void stage_clear(struct stage *stage);

/** Starts an X server without a window manager; to be ended with bare_xserver_stop(). */
void bare_xserver_start(struct xserver *x, int log);

/** Ends it. */
void bare_xserver_stop(struct xserver *x);

/** Tells whether a status is as wanted. */
typedef bool (*status_test)(const XpViewerStatus *status, void *data);

/** Waits until the viewer's status passes a test; fails the test if it does not in time. */
void stage_wait_status(const struct stage *stage, status_test test, void *data);

/** Waits until no viewer runs; fails the test if one does in the end. */
void stage_wait_no_viewer(const struct stage *stage);

/** @return the first child of a process whose name is given; the test fails if there is none */
pid_t child_named(pid_t parent, const char *name);
