/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * From the memory that the kernel wrote to that of a save: only what is new is written.
 */
#pragma once

#include "vksession/manifest.h"
#include "vksession/policy.h"

typedef struct {
	const char *saves_dir;
	const char *staging;	   /* directory with a file `memory`, whole; it may be moved away */
	const char *target;	   /* directory of the new save */
	const VksManifest *save;   /* the new one's, as far as it is known; encrypted or not */
	const VksManifest *parent; /* save to build on; NULL: none, or locked */
	const VksPolicy *policy;
	guint64 spare_bytes; /* that must stay free on the disk; G_MAXUINT64: do not look */
	VksChecksumProgress progress;
	gpointer user_data;
	GCancellable *cancellable; /* may be NULL */
} VksMemoryPut;

/** What was put into the save. */
typedef struct {
	VksDelta delta;			   /* parent is 0 if the file is whole */
	char hidden[VKS_CHECKSUM_HEX + 1]; /* checksum of the whole memory of an encrypted save */
	guint64 written_bytes;		   /* of memory, to the store's disk */
	VksChecksum part;		   /* of the part `memory`; size 0: not computed yet */
} VksMemoryResult;

/**
 * Makes the part `memory`, `memory.same` if it is built on the parent, and `memory.seals` if it is
 * encrypted. Nothing is synced.
 *
 * @return FALSE with NO_SPACE (before anything was written, if it is seen in time), CANCELLED, ...
 */
gboolean vks_memory_put(const VksMemoryPut *put, VksMemoryResult *result, GError **error);
