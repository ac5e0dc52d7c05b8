/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * session.json: what a session is, apart from its saves.
 */
#pragma once

#include <gio/gio.h>

/** A program that was started in the session. */
typedef struct {
	gint64 started_us; /* CLOCK_REALTIME, microseconds */
	char *cwd;
	char **argv;
} VksCommand;

typedef struct {
	char *id;	      /* UUID of the session */
	gint64 created_us;    /* CLOCK_REALTIME, microseconds */
	guint64 memory_bytes; /* of the guest */
	guint cpus;	      /* 0: not decided yet */
	gboolean network;
	char **private_dirs; /* of the host, that the guest has copies of in its memory */
	char **disks;	     /* images on the host */
	char *autosave;	     /* policy; "manual" */
	char *restore;	     /* at login: "always", "ask" or "never" */
	char **settings;     /* "NAME=VALUE" of the policy that are this session's own */
	GPtrArray *commands; /* of VksCommand, oldest first */
	gboolean running;    /* it was started and not ended by stop */
	char *run_id;	     /* UUID of the last start or thaw; "" before the first */
	guint base;	     /* save that this run was thawed from; 0: fresh */
	guint last_number;   /* highest number that a dropped save had */
	char *kernel_hash;   /* of the vkernel of the last run; "" before the first */
} VksRecord;

/** @return a record of a new session: fresh id, created now, memory not set */
VksRecord *vks_record_new(void);
void vks_record_free(VksRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksRecord, vks_record_free)

/** Notes a program. Old ones are forgotten beyond a bound. Strings are copied. */
void vks_record_add_command(VksRecord *record, const char *cwd, const char *const *argv);

/** Forgets where programs were started and with which arguments, and keeps their names. */
void vks_record_hide_arguments(VksRecord *record);

/** @return text of a record; free with g_free() */
char *vks_record_print(const VksRecord *record);
/** @return a record; NULL with INVALID_DATA */
VksRecord *vks_record_parse(const char *text, gsize length, GError **error);

/** Reads a record from a file. NULL with INVALID_DATA, NOT_FOUND, or the read error. */
VksRecord *vks_record_load(const char *path, GError **error);
/** Writes a record durably, whole or not at all. */
gboolean vks_record_store(const VksRecord *record, const char *path, GError **error);
