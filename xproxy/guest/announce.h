/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the display stack tells its parent, one line an event, on a pipe:
 *
 *     display :100 XAUTHORITY=/run/vksession/Xauthority DBUS_SESSION_BUS_ADDRESS=unix:path=...
 *     ready /run/vksession/xpra.sock
 *     failed <text>
 */
#pragma once

#include <stddef.h>

#include "xproxy/guest/commands.h"

#define ANNOUNCE_MAX 1024

/** The line for: programs may start. @return its length, 0 if it does not fit into size bytes */
size_t announce_format_display(char *out, size_t size, const struct stack_config *config);

/** The line for: viewers are served. @return its length, 0 if it does not fit into size bytes */
size_t announce_format_ready(char *out, size_t size, const struct stack_config *config);

/**
 * The line for: there will be no display, or none that can be viewed.
 *
 * @param text  reason; line ends in it become spaces
 * @return its length; cut to fit into size bytes
 */
size_t announce_format_failed(char *out, size_t size, const char *text);

/** Writes a line; a parent that no longer listens is no error. @return 0, or a negative errno */
int announce_write(int fd, const char *line, size_t len);
