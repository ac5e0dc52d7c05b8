/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Pages of memory on their way from one sparse file to another. Errors are G_IO_ERRORs.
 */
#pragma once

#include "vksession/checksum.h"
#include "vksession/seals.h"

#define VKS_PAGE_SIZE 4096u

gboolean vks_page_is_zero(const guint8 *page);

/** @return whether a page is in a map: bit i%8 of byte i/8 is page i */
gboolean vks_page_is_set(const guint8 *map, guint64 page);

/**
 * Copies pages from one sparse file to another, to the same places.
 *
 * @param size   bytes to look at; a multiple of a page
 * @param same   map of pages to leave out; NULL: none
 * @param punch  pages of zeros become holes in `to`; otherwise they are left out
 */
gboolean vks_pages_copy(int from, int to, guint64 size, const guint8 *same, gboolean punch,
			GCancellable *cancellable, GError **error);

/**
 * As vks_pages_copy() without `punch`, from a plain file to an encrypted one.
 * @param seals  empty; gets those of the pages that are copied
 */
gboolean vks_pages_seal(int from, int to, guint64 size, const guint8 *same,
			const VksSealing *sealing, VksSeals *seals, GCancellable *cancellable,
			GError **error);

/** The other way round: opens the pages that are sealed, and writes them to their places. */
gboolean vks_pages_open(int from, int to, const VksSealing *sealing, const VksSeals *seals,
			GCancellable *cancellable, GError **error);

/** Writes all of a source, whose size is a multiple of a page, to an empty file. */
gboolean vks_pages_write(const VksChecksumSource *source, int to, GCancellable *cancellable,
			 GError **error);

/** Sets the error of reading or writing pages. @param errnum  positive errno @return FALSE */
gboolean vks_pages_fail(int errnum, GCancellable *cancellable, GError **error);
