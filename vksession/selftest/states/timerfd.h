/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Timers behind descriptors, the same on each clock. */
#pragma once

#include <time.h>

/** A state: relative, absolute, periodic and idle timerfds on a clock go on after a save. */
void check_timerfds(clockid_t clock);
