/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Making files cold.
 */
#pragma once

/**
 * Drops what the page cache has of the files under a directory, as far as an ordinary user can:
 * pages that a running program has mapped stay. Files that can't be opened are passed over.
 */
void make_cold(const char *dir);
