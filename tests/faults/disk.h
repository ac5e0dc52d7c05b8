/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a disk may hold after a power failure, according to what was written, synced and renamed.
 */
#pragma once

#include "record.h"

/** What becomes of data that was not synced. */
typedef enum {
	DISK_KEPT,   /* it arrived all the same */
	DISK_LOST,   /* the file is as at its last sync; empty if there was none */
	DISK_ZEROED, /* its size arrived, its data did not */
	DISK_FATES,
} DiskFate;

typedef struct Disk Disk;

/** @param directory  what is there now is safe. @param records  what is done then; borrowed */
Disk *disk_new(const char *directory, const GPtrArray *records);
void disk_free(Disk *disk);

/**
 * Goes on to a moment of the records.
 * @param moment  so many of them have been done
 * @return number of changes of names that are not safe yet, by then
 */
guint disk_go_to(Disk *disk, guint moment);

/**
 * Writes a state that the disk may be in, if power fails at the moment.
 *
 * @param arrived    for each change of a name that is not safe, in order: whether it arrived
 * @param directory  made anew
 * @return FALSE if this very state was written before, and the operation had no more or less been
 *         done; nothing is written then
 */
gboolean disk_write(Disk *disk, const gboolean *arrived, DiskFate fate, const char *directory);
