/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Sessions over the fake backend, in a sandbox.
 */
#pragma once

#include "fake-backend.h"
#include "sandbox.h"
#include "vksession/vksession.h"

/** Opens the sandbox's store over the fake. Close with vks_close(). */
Vks *open_fake(void);

/**
 * For vks_set_ask(): answers with a passphrase.
 * @param data  the passphrase, a `const char *`
 */
VksSecret *answer_passphrase(const char *session, gboolean is_new, gpointer data, GError **error);

/** Reads the manifest of a save, unlocked with the key of the session's run. */
VksManifest *load_save(Vks *vks, const char *name, guint number);

/** Runs a program in a session, shown on ":9". Fails the test if that fails. */
void run_session(Vks *vks, const char *name);

/** Saves a session. @return number of the save */
guint save_session(Vks *vks, const char *name, gboolean stop);

/** Exports the newest save of a session, and imports it as another one. */
void move_session(Vks *vks, const char *from, const char *to);

/** Fails unless the session is in a state. */
void assert_state(Vks *vks, const char *name, VksState state);

/** Fails unless a file below the sandbox is there, or is not. */
void assert_file(void **state, const char *relative, gboolean there);

/** Fails if a directory below the sandbox has entries with this prefix. */
void assert_no_leftovers(void **state, const char *relative, const char *prefix);

/** Path of a part of a save; free with g_free(). */
char *part_path(Vks *vks, const char *name, guint number, const char *part);
