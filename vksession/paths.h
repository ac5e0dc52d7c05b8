/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Where things are. A Vks is nothing but the two directories and the backend.
 */
#pragma once

#include "vksession/vksession.h"

struct Vks {
	const VksBackend *backend;
	char *store_dir;		 /* $XDG_STATE_HOME/vksession */
	char *runtime_dir;		 /* $XDG_RUNTIME_DIR/vksession */
	VksAskPassphrase ask_passphrase; /* NULL: nobody can be asked */
	gpointer ask_data;
	VksKeyCost key_cost; /* of new passphrases */
};

/** @return where the store is or would be; free with g_free() */
char *vks_store_location(void);

/** @return where runtime directories are or would be; NULL with NOT_SUPPORTED if there is no place */
char *vks_runtime_location(GError **error);

/**
 * Takes the lock on the store as a whole (kernels, removal of sessions). Waits.
 * @return a descriptor that holds the lock; -1 with a G_IO_ERROR
 */
int vks_store_lock(Vks *vks, GError **error);
