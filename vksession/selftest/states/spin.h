/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Registers that live in a loop: the body loads them, sets spin_rounds in a loop until spin_stop is
 * not 0, and stores them.
 */
#pragma once

/* Assembler text for each of some registers; \\i in it is the register's number. */
#define SPIN_EACH(numbers, text) ".irp i, " numbers "\n\t" text "\n\t.endr\n\t"
#define SPIN_0_TO_15		 "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"
#define SPIN_16_TO_31		 "16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31"

/* The loop: operands [rounds] and [stop]. */
#define SPIN_LOOP "1: movl $1, %[rounds]\n\tcmpl $0, %[stop]\n\tje 1b\n\t"

extern volatile int spin_rounds, spin_stop;

/** Runs the body in a thread of its own, with a save while it is in its loop, to its end. */
void spin_across_save(void (*body)(void));
