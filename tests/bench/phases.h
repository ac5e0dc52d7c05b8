/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The stages of checkpoint and thaw, by the kernel's own clock, of guests without a display that
 * use little memory, 256 MB and 1 GB, on one CPU and on two; and writing as many bytes from memory.
 */
#pragma once

/** Notes one sample of each figure. */
void phases_measure(void);
