/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Copies of directory trees, quick enough to be made for each fault.
 */
#pragma once

#include <glib.h>

/** Makes one tree a copy of another; what was there before is removed. Holes stay holes. */
void tree_copy(const char *from, const char *to);

/** Makes a directory for the run's trees, in memory where that is possible. @return g_free() */
char *tree_make_place(void);

/** Removes a tree. */
void tree_remove(const char *path);
