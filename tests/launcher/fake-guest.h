/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file A guest for tests of the host's side: it listens where vkinit would, in a thread. */
#pragma once

#include <glib.h>

typedef struct FakeGuest FakeGuest;

/** Serves one connection; the descriptor is closed afterwards. */
typedef void (*FakeGuestServe)(int fd, gpointer data);

/** Makes a runtime directory with a control socket and serves the next connection to it. */
FakeGuest *fake_guest_new(FakeGuestServe serve, gpointer data);

const char *fake_guest_runtime_dir(FakeGuest *guest);

/** Waits until the connection has been served, and removes everything. */
void fake_guest_free(FakeGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeGuest, fake_guest_free)
