/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file The user's service manager, if there is one (systemd --user). */
#pragma once

#include <gio/gio.h>

/**
 * Asks whether it is about to end, and so the user's login.
 *
 * @param session_bus  its bus
 * @param answer       called once, from the main loop; FALSE also if there is no such manager, as
 *                     with elogind
 * @param data         passed to it
 */
void service_manager_ask_stopping(GDBusConnection *session_bus,
				  void (*answer)(gpointer data, gboolean stopping), gpointer data);
