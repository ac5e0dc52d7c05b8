/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The stages of checkpoint and thaw, by the kernel's own clock, of guests without a display that
 * use little memory, 256 MB and 1 GB, on one CPU and on two; and writing as many bytes from memory.
 */
#pragma once

#include <stdbool.h>

/** Notes one sample of each figure. @param quick  leave the largest guest out */
void phases_measure(bool quick);
