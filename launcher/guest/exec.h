/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * One EXEC request: a program whose standard input, output, error, signals and exit status are
 * carried over a stream. Runs in a process of its own, forked from PID 1.
 */
#pragma once

#include "launcher/guest/config.h"
#include "launcher/guest/environment.h"

/**
 * Starts the program, answers with OK or ERROR, and serves the stream until the program's EXIT
 * frame is sent or the host has gone (the program then gets SIGHUP).
 *
 * @param stream  connection to the host, non-blocking; not closed
 * @return 0, or a negative errno if the stream or the host's frames were faulty
 */
int exec_serve(int stream, const struct config *config, const char *cwd,
	       const char *const *arguments, const struct environment *environment);
