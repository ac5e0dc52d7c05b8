/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Command lines and environments of the display stack's programs, built from tables.
 *
 * Theory of operation: every program has a template for its arguments and one for the changes to
 * its environment. A template is a list of strings in which `@name@` stands for a value of struct
 * stack_config; expand_list() replaces them. What a program is started with is thus read off one
 * table, and a test compares it without starting anything.
 */
#pragma once

#include <stddef.h>

/** A line of xpra's output: it needs no X server that repeats keys. */
#define KEYS_ARE_HELD "keys are held by the viewer"

/** Where the display stack lives; all strings are borrowed and must outlive the structure. */
struct stack_config {
	const char *dir;     /* holds the authority file and the sockets */
	const char *display; /* number of the X display, decimal */
	const char *screen;  /* size of the frame buffer, WIDTHxHEIGHT in pixels */
	const char *bus;     /* address of the session bus, "" if there is none */
};

/** The programs of the stack, in the order in which they are started. */
enum stack_program {
	PROGRAM_BUS,
	PROGRAM_X_SERVER,
	PROGRAM_XPRA,
	PROGRAM_COUNT,
};

/**
 * @param program  one of the stack
 * @return path of its executable
 */
const char *command_path(enum stack_program program);

/**
 * Expands the `@name@` marks of a string.
 *
 * @return a new string to be freed, NULL with errno set (EINVAL: unknown or unfinished mark)
 */
char *expand_string(const char *text, const struct stack_config *config);

/**
 * @return the program's argv, to be freed with free_list(); NULL with errno set
 */
char **command_argv(enum stack_program program, const struct stack_config *config);

/**
 * The environment a program is started with: the given one, with the program's own variables
 * set or, where the table says so, removed.
 *
 * @param base  NULL-terminated list of NAME=VALUE
 * @return a list to be freed with free_list(); NULL with errno set
 */
char **command_environment(enum stack_program program, const struct stack_config *config,
			   char *const *base);

/** Frees a list made by this module; NULL is allowed. */
void free_list(char **list);
