/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A vkernel with a small guest, without a display, a network or a session around it: for tests of
 * the checkpoint itself. Every function fails the test if what it is to do can't be done.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

#include "launcher/launcher.h"

struct guest {
	char *base; /* directory of all that belongs to it */
	char *save; /* where saves are written; made and removed by the test */
	VkLauncherConfig config;
	char *arguments[4];  /* for config.kernel_arguments */
	char *strings[3];    /* that config borrows */
	pid_t vkernel;	     /* of the last start or thaw */
	gint64 thaw_started; /* CLOCK_MONOTONIC, microseconds */
};

/**
 * Prepares one, which is not started yet.
 *
 * @param cpus  also more than the host has; 0: 1
 */
void guest_init(struct guest *guest, guint64 memory_bytes, guint cpus);
/** Adds to the kernel's command line, before the start. */
void guest_add_argument(struct guest *guest, const char *argument);
/** Kills it and removes its files; prints its log if the test has not gone well. */
void guest_finish(struct guest *guest, bool well);

void guest_start(struct guest *guest);
/** Starts it from guest->save. */
void guest_thaw(struct guest *guest);
/** Kills the vkernel and waits until nothing of it is left. */
void guest_kill(struct guest *guest);

/** Makes the directory of saves, empty. */
void guest_make_save_dir(struct guest *guest);

/** Checks that the guest runs, by a question to its first process. */
void guest_assert_alive(struct guest *guest);

/**
 * Runs a program in the guest.
 * @return what it printed; free with g_free(). It must exit with 0.
 */
char *guest_output_argv(struct guest *guest, const char *const *argv);
#define guest_output(guest, ...)                                                                   \
	guest_output_argv(guest, (const char *const[]){ __VA_ARGS__, NULL })

/** What the host spends on a vkernel. */
struct guest_costs {
	guint threads;
	guint64 address_space_kib; /* what it has mapped, but for the guest's memory */
	guint64 anonymous_kib;	   /* RssAnon */
	guint64 shared_kib;	   /* RssShmem: what it has mapped of the guest's memory */
	guint64 memory_kib;	   /* what the file of the guest's memory takes */
	guint64 cpu_ticks;	   /* user and system time */
};
void guest_get_costs(const struct guest *guest, struct guest_costs *costs);

/** @return the last value of `name=` in the last line of the log that has it; fails without one */
guint64 guest_logged_number(const struct guest *guest, const char *name);
