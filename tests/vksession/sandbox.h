/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A place of its own for each test: XDG directories, HOME and programs in a temporary directory.
 */
#pragma once

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/** cmocka set-up: makes the directory, points the environment there. *state is its path. */
int sandbox_setup(void **state);
/** cmocka tear-down: removes all of it. */
int sandbox_teardown(void **state);

/** Path below the sandbox; free with g_free(). */
char *sandbox_path(void **state, const char *relative);

/** Writes a file below the sandbox, with its parents. */
void sandbox_write(void **state, const char *relative, const char *text);

/** Text of a file below the sandbox, which must be there; free with g_free(). */
char *sandbox_read(void **state, const char *relative);

/** Flips one bit of a file. */
void sandbox_flip_bit(const char *path, guint64 bit);

/** Fails unless an error has this code of VKS_ERROR and a message of three parts; clears it. */
void assert_vks_error(GError **error, int code);
