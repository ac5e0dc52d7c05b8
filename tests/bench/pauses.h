/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * How long live saves stop a guest that has 1 GiB in use: many of them, while programs work in it.
 */
#pragma once

#include <glib.h>

/**
 * Notes, for each load, one sample a save, and of all of them the time that 99 of 100 keep to.
 *
 * @param saves   how many under each load
 * @param ticker  path of that program
 * @param loads   path of that program
 */
void pauses_measure(guint saves, const char *ticker, const char *loads);
