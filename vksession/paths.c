/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/paths.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "vksession/durable.h"
#include "vksession/lock.h"

#define NAME_MAX_LENGTH	   32u
/* The longest name below a runtime directory: sockets and their temporary siblings. */
#define SOCKET_NAME_LENGTH 20u

/* Siblings of sessions in the store; a session can't have their names. */
static const char *const reserved_names[] = { "kernels", "pins" };

gboolean vks_check_name(const char *name, GError **error)
{
	gsize length = strlen(name);
	gboolean valid = length >= 1 && length <= NAME_MAX_LENGTH && *name != '.' && *name != '-' &&
			 strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-") == length;

	for (gsize i = 0; valid && i < G_N_ELEMENTS(reserved_names); i++)
		valid = strcmp(name, reserved_names[i]) != 0;
	if (!valid) {
		g_autofree char *shown = g_strescape(name, NULL);

		g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
			    "\"%.64s\" is no session name; nothing was done; use 1 to 32 letters, "
			    "digits and . _ - and start with a letter or digit",
			    shown);
	}
	return valid;
}

char *vks_store_location(void)
{
	const char *state = g_getenv("XDG_STATE_HOME");

	/* The specification says: relative paths are to be ignored. */
	if (state && g_path_is_absolute(state))
		return g_build_filename(state, "vksession", NULL);
	return g_build_filename(g_get_home_dir(), ".local", "state", "vksession", NULL);
}

char *vks_runtime_location(GError **error)
{
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *usual = g_strdup_printf("/run/user/%u", (unsigned int)geteuid());
	struct stat st;

	if (!runtime || !g_path_is_absolute(runtime))
		runtime = lstat(usual, &st) == 0 && st.st_uid == geteuid() ? usual : NULL;
	if (!runtime) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "XDG_RUNTIME_DIR is not set");
		return NULL;
	}
	if (strlen(runtime) + strlen("/vksession/") + NAME_MAX_LENGTH + SOCKET_NAME_LENGTH >
	    sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "the path in XDG_RUNTIME_DIR is too long for sockets");
		return NULL;
	}
	return g_build_filename(runtime, "vksession", NULL);
}

static gboolean make_places(Vks *vks, GError **error)
{
	g_autofree char *locks = g_build_filename(vks->store_dir, ".locks", NULL);

	return vks_path_check_links(vks->store_dir, error) &&
	       vks_private_dir_ensure(vks->store_dir, error) &&
	       vks_private_dir_ensure(locks, error) &&
	       vks_path_check_links(vks->runtime_dir, error) &&
	       vks_private_dir_ensure(vks->runtime_dir, error);
}

Vks *vks_open(const VksBackend *backend, GError **error)
{
	g_autoptr(Vks) vks = g_new0(Vks, 1);
	g_autoptr(GError) cause = NULL;

	vks->backend = backend;
	vks->key_cost = vks_key_cost();
	vks->store_dir = vks_store_location();
	vks->runtime_dir = vks_runtime_location(&cause);
	if (!vks->runtime_dir) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was done; log in through a session manager, or set it "
				   "to a directory of yours with mode 0700");
		return NULL;
	}
	if (!make_places(vks, &cause)) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "nothing was done; check XDG_STATE_HOME (%s) and "
				   "XDG_RUNTIME_DIR (%s)",
				   vks->store_dir, vks->runtime_dir);
		return NULL;
	}
	return g_steal_pointer(&vks);
}

void vks_close(Vks *vks)
{
	if (!vks)
		return;
	g_free(vks->store_dir);
	g_free(vks->runtime_dir);
	g_free(vks);
}

void vks_set_ask(Vks *vks, VksAskPassphrase ask, gpointer user_data)
{
	vks->ask_passphrase = ask;
	vks->ask_data = user_data;
}

int vks_store_lock(Vks *vks, GError **error)
{
	g_autofree char *path = g_build_filename(vks->store_dir, ".locks", ".store", NULL);

	return vks_lock_take(path, "store", TRUE, error);
}
