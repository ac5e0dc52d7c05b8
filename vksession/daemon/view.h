/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What one session looks like at one moment: all that its properties on the bus tell. Looking reads
 * files and may take a while, so it is done in a thread; what was seen is shown in the main thread.
 */
#pragma once

#include "vksession/vksession.h"

typedef struct {
	char *name;
	gint64 looked_us;     /* CLOCK_MONOTONIC, when looking began */
	VksSessionInfo *info; /* borrowed from list; NULL: there is no such session */
	GPtrArray *list;
	VksState state;	   /* where somebody is just starting it: what it was before */
	char *activity;	   /* what somebody does with it; "" for nothing */
	GVariant *windows; /* a(ssiiuu) */
	GVariant *saves;   /* a(uttsa{sv}) */
	guint64 memory_used;
	guint64 work_us; /* processor time that it used since its last save */
	char *thumbnail; /* "" if there is none */
	char *restore;
	char *problem; /* "" if there is none */
	pid_t launcher_pid, viewer_pid;
} View;

/** Looks at a session. Never fails: what can't be read is the view's problem. */
View *view_new(Vks *vks, const char *name);
void view_free(View *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(View, view_free)
