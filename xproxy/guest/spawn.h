/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Starting one program of the display stack.
 */
#pragma once

#include <sys/types.h>

struct spawn_request {
	const char *path; /* of the executable */
	char *const *argv;
	char *const *environment;
	int listener;	  /* passed on by systemd's LISTEN_FDS protocol; -1: none */
	int merge_stderr; /* standard error goes where standard output goes */
};

/**
 * Starts a program whose standard output is a pipe to us and which dies with us.
 *
 * The child gets /dev/null as standard input, keeps no other descriptor of ours, and has the
 * default signal mask.
 *
 * @param output  receives the reading end of the pipe (nonblocking, close-on-exec)
 * @return its process id, or a negative errno
 */
pid_t spawn_program(const struct spawn_request *request, int *output);
