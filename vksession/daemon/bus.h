/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the daemon and its clients must agree on beyond org.vksession.xml: names and errors.
 */
#pragma once

#include <gio/gio.h>

#define VKS_BUS_NAME	  "org.vksession"
#define VKS_BUS_PATH	  "/org/vksession"
#define VKS_BUS_CANCELLED "org.vksession.Error.Cancelled"

/** @return object path of a session, free with g_free() */
char *vks_bus_session_path(const char *name);

/** Makes GDBus translate VKS_ERROR errors to org.vksession.Error.* and back. Any number of times. */
void vks_bus_register_errors(void);

/** @return D-Bus name of an error, of any domain; static */
const char *vks_bus_error_name(const GError *error);

/** Makes an error of a name and a message of a job; a name of others' becomes VKS_ERROR_FAILED. */
GError *vks_bus_error_new(const char *name, const char *message);

/**
 * Finds the files and directories that this process works with, for Manager1.Places.
 * @return a{ss}, floating; NULL with a G_IO_ERROR
 */
GVariant *vks_bus_places(GError **error);
