/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * How saves are made and which are kept: built-in values, over them those of the user's file
 * ~/.config/vksession/vksession.conf, over them those of one session (in session.json).
 * The settings are described in vksession.conf(5).
 */
#pragma once

#include "vksession/keys.h"

/** Where the kernel writes a guest's memory to, before what is new of it goes to the store. */
typedef enum {
	VKS_STAGING_AUTO,   /* in memory if there is room, else on the store's disk */
	VKS_STAGING_MEMORY, /* only there */
	VKS_STAGING_DISK,
} VksStagingMode;

typedef struct {
	guint keep;	      /* the last so many good saves */
	guint hourly;	      /* and the last of each of so many hours that have one, */
	guint daily;	      /* days */
	guint weekly;	      /* and weeks */
	guint64 size_limit;   /* bytes of a session's saves; 0: none */
	gboolean incremental; /* write only pages that changed */
	gboolean reflink;     /* share blocks with the save before, where the file system can */
	guint chain;	      /* a save is built on at most so many others */
	gboolean verify;      /* read each save back from the disk before it counts */
	VksStagingMode staging;
	gboolean quick_thaw;   /* run before the memory was copied from the save */
	gboolean short_pause;  /* new sessions: stop for what changed while a live save copied */
	VksEncryption encrypt; /* of new sessions */
} VksPolicy;

/** Sets the built-in values. */
void vks_policy_init(VksPolicy *policy);

/**
 * Changes one setting.
 *
 * @param name   "keep", "hourly", "daily", "weekly", "size-limit", "incremental", "reflink",
 * "chain", "verify", "staging", "quick-thaw", "short-pause", "encrypt"
 * @param value  its text
 * @return FALSE with INVALID_ARGUMENT if there is no such setting or it can't have that value
 */
gboolean vks_policy_set(VksPolicy *policy, const char *name, const char *value, GError **error);

/** @return the text of a setting's value, for vks_policy_set(); NULL: no such setting. g_free() */
char *vks_policy_get(const VksPolicy *policy, const char *name);

/** @return names of all settings, NULL-terminated, borrowed */
const char *const *vks_policy_names(void);

/**
 * Takes the settings of the user's file over. One that does not exist changes nothing.
 * @return FALSE with INVALID_DATA that names file and setting
 */
gboolean vks_policy_load_file(VksPolicy *policy, const char *path, GError **error);

/** @return path of the user's file; free with g_free() */
char *vks_policy_path(void);

/** One save, as far as the choice goes. */
typedef struct {
	guint number;
	gint64 utc_us;
	guint64 bytes; /* on the disk */
	gboolean keep; /* in: must stay; out: stays */
} VksKeepItem;

/**
 * Chooses which saves stay: the last `keep`, then the newest of each hour, day and week; then, if
 * they are larger than the limit together, the oldest go. The newest always stays.
 *
 * @param items  good saves, ascending by number
 * @return whether what stays is within the limit of size
 */
gboolean vks_policy_choose(const VksPolicy *policy, VksKeepItem *items, gsize count);
