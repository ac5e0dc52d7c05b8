/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The part memory.seals of an encrypted save: which pages its memory file holds, and their seals.
 * A page that is not listed is zero (or that of the save below), whatever is in the file.
 */
#pragma once

#include "vksession/sealing.h"

/** Seals of pages, ascending by page. */
typedef struct VksSeals VksSeals;

VksSeals *vks_seals_new(void);
void vks_seals_free(VksSeals *seals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksSeals, vks_seals_free)

/** Adds a seal of a page after all that are in it. */
void vks_seals_add(VksSeals *seals, const VksPageSeal *seal);

guint vks_seals_count(const VksSeals *seals);

/** @return the seal of the first page that is not before this one, borrowed; NULL: there is none */
const VksPageSeal *vks_seals_next(const VksSeals *seals, guint64 page);

/**
 * Makes the seals of two files' pages together.
 *
 * @param hidden  bit map of the pages of `lower` to leave out; none of the others is in `upper`
 */
VksSeals *vks_seals_merge(const VksSeals *upper, const VksSeals *lower, const guint8 *hidden);

/** @return the part; free with g_byte_array_unref() */
GByteArray *vks_seals_print(const VksSeals *seals);

/**
 * Reads a part.
 * @param pages  that the memory has
 * @return NULL with INVALID_DATA
 */
VksSeals *vks_seals_parse(const guint8 *data, gsize length, guint64 pages, GError **error);
