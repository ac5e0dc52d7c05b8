/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The dialog that asks for the passphrase of an encrypted session.
 */
#pragma once

#include <gtk/gtk.h>

/**
 * Asks, and has the session thawed with what is answered (see request_unlock()).
 *
 * @param parent  NULL: none
 * @param why     what was wrong with the last answer; NULL: it is the first time
 * @return the dialog, borrowed; it goes when it is answered
 */
GtkWidget *passphrase_ask(GtkWindow *parent, const char *session, const char *why);
