/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The guest that a self-test runs in: scratch directories, a vkernel, its conductor. */
#pragma once

#include <gio/gio.h>

#include "launcher/launcher.h"
#include "vksession/selftest/break.h"

/** What must not grow from save to save. */
typedef struct {
	guint64 of[3];
} SelftestSize;
enum { SELFTEST_DESCRIPTORS, SELFTEST_OWN_KIB, SELFTEST_SAVE_KIB };

/** One guest after the other in the same directories. */
typedef struct {
	char *scratch; /* log, saves */
	char *shared;  /* a directory below it that the guest sees */
	char *runtime_dir;
	char *log;
	gboolean quick;		       /* copy while it runs, map its memory; see launcher.h */
	char *disk;		       /* with a file system, for a fresh guest; NULL: none */
	const char *const *parameters; /* more for the vkernel, NULL-terminated; may be NULL */
	char *save_dir;		       /* of the last save; NULL: none */
	guint saves;
	guint cpus;
	const SelftestPart *const *broken; /* what to damage before a thaw, NULL-terminated */
} SelftestGuest;

/** Makes the directories. @return NULL with error */
SelftestGuest *selftest_guest_new(GError **error);

/** Ends the guest if it runs, removes the directories. @param keep_log  all but the log */
void selftest_guest_free(SelftestGuest *guest, gboolean keep_log);

/**
 * Starts a fresh guest.
 * @param with_disk  whose saves can be thawed only once, as the disk goes on then
 */
gboolean selftest_guest_start(SelftestGuest *guest, gboolean with_disk, GError **error);

/** Kills it, from any thread; whoever waits for its answer gets an error. */
void selftest_guest_kill(SelftestGuest *guest);

/** Ends it. */
void selftest_guest_end(SelftestGuest *guest);

/**
 * Asks the conductor in the guest.
 *
 * @param words  see states/conductor.h; NULL-terminated
 * @return its answer, lines; free with g_free(); NULL with error
 */
char *selftest_guest_ask(SelftestGuest *guest, const char *const *words, GError **error);

/** Saves, and lets the guest go on. */
gboolean selftest_guest_save(SelftestGuest *guest, VkCheckpointStats *stats, GError **error);

/** Saves, and ends the vkernel. */
gboolean selftest_guest_stop(SelftestGuest *guest, VkCheckpointStats *stats, GError **error);

/** Thaws the last save in a new vkernel; again, if it was thawed before and has been killed. */
gboolean selftest_guest_thaw(SelftestGuest *guest, GError **error);

/** Finds out how large the vkernel is; as vk_descriptors() counts. */
void selftest_guest_measure(SelftestGuest *guest, SelftestSize *size);
