/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Registers that live in a loop: the body loads them, sets spin_rounds in a loop until spin_stop is
 * not 0, and stores them.
 */
#pragma once

extern volatile int spin_rounds, spin_stop;

/** Runs the body in a thread of its own, with a save while it is in its loop, to its end. */
void spin_across_save(void (*body)(void));
