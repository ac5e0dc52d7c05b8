/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Pseudoterminals: who opens one, who runs on it, what it says. */
#pragma once

#include <sys/types.h>

/** Makes a terminal, of 80 columns and 24 rows. @return its master */
int terminal_open(void);

/** Gives the terminal another width. */
void terminal_widen(int master, unsigned short columns);

/**
 * Starts a child that has the terminal as its controlling one, and as standard input, output and
 * error.
 *
 * @param program  what it does; ends the child
 * @return its process id
 */
pid_t terminal_start(int master, void (*program)(void));

/**
 * Reads what the terminal prints until a text has come, else fails. What follows the text is for
 * the next time.
 */
void terminal_await(int master, const char *text);

/** Types a text. */
void terminal_type(int master, const char *text);
