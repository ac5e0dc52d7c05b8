/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The same programs in guests with one CPU and with two: what speaks for which default.
 */
#pragma once

/**
 * Notes one sample of each figure, for one CPU and for two, and their ratio.
 *
 * @param loads  path of that program
 */
void cpus_measure(const char *loads);
