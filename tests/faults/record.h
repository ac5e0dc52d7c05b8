/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The order in which an operation writes, syncs and renames: what a power failure may cut anywhere.
 */
#pragma once

#include <glib.h>

/** The content of a file: its blocks that are not all zero. */
typedef struct {
	guint64 size;
	GHashTable *blocks; /* number -> GBytes of BLOCK_BYTES */
} Content;

#define BLOCK_BYTES 4096u

Content *content_read(const char *path);
/** Writes a file that must not exist. */
void content_write(const Content *content, const char *path);
void content_free(gpointer content);

typedef enum {
	RECORD_CREATE, /* a file, a directory or a symbolic link gets a name */
	RECORD_RENAME,
	RECORD_LINK, /* a file gets a second name */
	RECORD_EXCHANGE,
	RECORD_REMOVE,
	RECORD_DATA, /* a file has this content now */
	RECORD_SYNC, /* a file or a directory is safe */
	RECORD_END,  /* the operation has returned */
} RecordKind;

/** One thing that was done. */
typedef struct {
	RecordKind kind;
	char *path;
	char *target; /* RENAME, EXCHANGE, LINK: the other path; CREATE of a symbolic link: its text
		       */
	gboolean is_dir;  /* CREATE */
	gboolean is_link; /* CREATE */
	Content *content; /* DATA */
} Record;

/**
 * Runs a function in a child and records what it does below a directory.
 *
 * @param[out] status  of the child, as of wait(2)
 * @return array of Record, in order, with RECORD_END last
 */
GPtrArray *record_run(const char *directory, int (*run)(gpointer user_data), gpointer user_data,
		      int *status);
