/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What a process forked from PID 1 must give up before it serves one connection.
 */
#pragma once

/** The number of the connection's descriptor afterwards. */
#define ISOLATED_STREAM 3

/**
 * Closes all descriptors but 0 to 2 and the connection, lets signals have their default effect
 * (SIGPIPE stays ignored). Other connections would otherwise be kept open by this process.
 *
 * @param stream  becomes ISOLATED_STREAM, close-on-exec
 * @return 0 or a negative errno
 */
int isolate_child(int stream);
