/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Pseudoterminals: who opens one, who runs on it, what it says. */
#pragma once

/** Makes a terminal. @return its master */
int terminal_open(void);

/**
 * In a child: makes the terminal its controlling one, and its standard input, output and error.
 * @param master  see terminal_open()
 */
void terminal_enter(int master);

/**
 * Reads what the terminal prints until a text has come, else fails. What follows the text is for
 * the next time.
 */
void terminal_await(int master, const char *text);

/** Types a text. */
void terminal_type(int master, const char *text);
