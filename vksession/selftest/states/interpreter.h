/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Programs in other languages as states. */
#pragma once

#include <stdbool.h>

/** @return whether a program is where interpret() looks for it */
bool is_installed(const char *program);

/**
 * Runs a program that computes x = x * 6364136223846793005 + 1442695040888963407 modulo 2^64, from
 * 0, for ever, and prints "STEPS X" now and then; and checks its lines before and after. Skips the
 * state if the program is not installed.
 *
 * @param program    looked up in PATH
 * @param arguments  NULL-terminated
 * @param file       name of a file to make first; NULL: none
 * @param text       what to write into it
 */
void interpret(const char *program, const char *const *arguments, const char *file,
	       const char *text);
