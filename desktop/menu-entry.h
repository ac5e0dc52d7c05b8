/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Entries in the desktop's menu that start an installed program in a session. An entry is a copy of
 * the program's own, in $XDG_DATA_HOME/applications, with another name and command; nothing else is
 * written, so that removing the file undoes it. See the Desktop Entry Specification.
 */
#pragma once

#include <gio/gio.h>

/**
 * Makes an entry for a program.
 *
 * @param program  name of its entry, with or without ".desktop", or of its command
 * @param session  name of the session it is to run in; NULL: its own name
 * @param vksession  command that the entry runs, such as "vksession"
 * @return path of the new entry, free with g_free(); NULL with NOT_FOUND (no such program), EXISTS,
 *         INVALID_DATA (its entry starts nothing), or an error of the file system
 */
char *menu_entry_add(const char *program, const char *session, const char *vksession,
		     GError **error);

/** Removes an entry made by menu_entry_add(). @return FALSE with NOT_FOUND, or as unlink(2) */
gboolean menu_entry_remove(const char *program, GError **error);

/** @return names of programs that have an entry, sorted; free with g_strfreev() */
char **menu_entry_list(void);
