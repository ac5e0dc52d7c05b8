/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   make   - A random key, wrapped into key.json (see keys.c) by a passphrase or by a secret that
 * is given to the Secret Service before, so that there never is a key.json without. unlock - From
 * the run if there is one; else from the Secret Service; else whoever opened the library is asked
 * for the passphrase. keep   - In the runtime directory, which is in memory and has the run's
 * sockets, too: without them nothing could be saved anyway. It goes with the run. change - While
 * saves are being encrypted or decrypted, key.json is called key.json.changing, and saves of both
 * kinds are good. destroy - key.json is overwritten and removed, and the secret is removed from the
 * service.
 */
#include "vksession/encryption.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/durable.h"
#include "vksession/secret-service.h"
#include "vksession/staging.h"

#define RUN_KEY "key"

/* The files that may hold the key, and whether saves that are not encrypted are good then. */
static const struct {
	const char *name;
	gboolean changing;
} key_files[] = {
	{ VKS_KEY_FILE, FALSE },
	{ VKS_KEY_FILE_CHANGING, TRUE },
};

static char *run_key_path(const VksSession *session)
{
	return g_build_filename(session->memory_dir, RUN_KEY, NULL);
}

static void take_run_key(VksSession *session)
{
	g_autofree char *path = run_key_path(session);
	gsize length = 0;
	g_autofree char *key = vks_file_read(path, VKS_KEY_BYTES, &length, NULL);

	if (key && length == VKS_KEY_BYTES)
		session->sealing = vks_sealing_new((const guint8 *)key, NULL);
	if (key)
		explicit_bzero(key, length);
}

void vks_session_look_for_key(VksSession *session)
{
	session->encryption = VKS_ENCRYPTION_NONE;
	for (gsize i = 0; i < G_N_ELEMENTS(key_files) && !session->encryption; i++) {
		g_autofree char *path = g_build_filename(session->dir, key_files[i].name, NULL);
		g_autoptr(GError) cause = NULL;
		g_autoptr(VksKeyFile) file = vks_key_file_load(path, &cause);

		if (!file && g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
			continue;
		/* One that can't be read must not make the session look as if it were open. */
		session->encryption = file ? vks_key_file_method(file) : VKS_ENCRYPTION_PASSPHRASE;
		session->changing = key_files[i].changing;
		g_free(session->key_path);
		session->key_path = g_steal_pointer(&path);
	}
	if (session->encryption && session->running && !session->sealing)
		take_run_key(session);
}

/* Secrets */

static gboolean set_no_passphrase(const VksSession *session, GError **error)
{
	g_set_error(error, VKS_ERROR, VKS_ERROR_LOCKED,
		    "session %s is encrypted with a passphrase, and nobody could be asked for it; "
		    "the session and its saves are untouched; try again in a terminal, or with "
		    "--passphrase-fd",
		    session->name);
	return FALSE;
}

static VksSecret *ask(const VksSession *session, gboolean is_new, GError **error)
{
	const Vks *vks = session->vks;
	g_autoptr(GError) cause = NULL;
	VksSecret *secret = NULL;

	if (vks->ask_passphrase)
		secret = vks->ask_passphrase(session->name, is_new, vks->ask_data, &cause);
	if (cause)
		g_propagate_error(error, g_steal_pointer(&cause));
	else if (!secret)
		set_no_passphrase(session, error);
	return secret;
}

static void complete_service_error(const VksSession *session, GError *cause, GError **error)
{
	gboolean missing = g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);

	if (missing) {
		vks_error_complete(error, cause,
				   "session %s and its saves are untouched; start a Secret Service "
				   "and try again, or for a new session use --encrypt=passphrase",
				   session->name);
		return;
	}
	g_set_error(error, VKS_ERROR, VKS_ERROR_LOCKED,
		    "%s; session %s and its saves are untouched; unlock the keyring that the key "
		    "was put into, and try again",
		    g_strdelimit(cause->message, "\n;", ','), session->name);
	g_error_free(cause);
}

static VksSecret *get_secret(const VksSession *session, const VksKeyFile *file, gboolean may_ask,
			     GError **error)
{
	GError *cause = NULL;
	VksSecret *secret;

	if (vks_key_file_method(file) == VKS_ENCRYPTION_PASSPHRASE && may_ask)
		return ask(session, FALSE, error);
	if (vks_key_file_method(file) == VKS_ENCRYPTION_PASSPHRASE) {
		set_no_passphrase(session, error);
		return NULL;
	}
	secret = vks_secret_service_get(vks_key_file_item(file), may_ask, &cause);
	if (!secret)
		complete_service_error(session, cause, error);
	return secret;
}

/* Unlocking */

static gboolean open_key(VksSession *session, const VksKeyFile *file, VksSecret *secret,
			 GError **error)
{
	GError *cause = NULL;

	session->sealing = vks_key_file_open(file, secret, &cause);
	if (session->sealing)
		return TRUE;
	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_LOCKED,
			    "%s; session %s and its saves are untouched; try again with the right "
			    "one",
			    cause->message, session->name);
		g_error_free(cause);
		return FALSE;
	}
	vks_error_complete(error, cause,
			   "session %s and its saves are untouched; make memory free and try again",
			   session->name);
	return FALSE;
}

static gboolean unlock(VksSession *session, gboolean may_ask, GError **error)
{
	g_autoptr(VksKeyFile) file = NULL;
	g_autoptr(VksSecret) secret = NULL;
	g_autoptr(GError) cause = NULL;

	if (!session->encryption || session->sealing)
		return TRUE;
	file = vks_key_file_load(session->key_path, &cause);
	if (!file) {
		vks_error_complete(error, g_steal_pointer(&cause),
				   "saves are untouched, but need it; bring key.json of session %s "
				   "back from a backup",
				   session->name);
		return FALSE;
	}
	secret = get_secret(session, file, may_ask, error);
	return secret && open_key(session, file, secret, error);
}

gboolean vks_session_unlock(VksSession *session, GError **error)
{
	return unlock(session, TRUE, error);
}

gboolean vks_session_unlock_quietly(VksSession *session)
{
	return unlock(session, FALSE, NULL);
}

gboolean vks_session_unlock_save(VksSession *session, VksManifest *manifest, GError **error)
{
	if (manifest->seal.id && !session->encryption) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "it is encrypted, and the session's key.json is missing");
		return FALSE;
	}
	if (!manifest->seal.id && session->encryption && !session->changing) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "it is not encrypted, and all of the session's own are");
		return FALSE;
	}
	/* What a session that is being encrypted saves next is encrypted, whatever it comes from. */
	return vks_session_unlock(session, error) &&
	       (!session->sealing || vks_manifest_unlock(manifest, session->sealing, error));
}

/* Keeping */

gboolean vks_session_keep_key(const VksSession *session, GError **error)
{
	g_autofree char *path = run_key_path(session);

	if (!session->encryption)
		return TRUE;
	if (!vks_memory_dir_ensure(session->memory_dir, error) ||
	    !vks_file_replace(path, (const char *)vks_sealing_key(session->sealing), VKS_KEY_BYTES,
			      error))
		return FALSE;
	/* The sticky bit keeps it from those who clean such directories of what is old. */
	chmod(path, S_ISVTX | S_IRUSR | S_IWUSR);
	return TRUE;
}

void vks_session_forget_key(const VksSession *session)
{
	g_autofree char *path = run_key_path(session);

	unlink(path);
}

VksStagingMode vks_session_staging_mode(const VksSession *session, const VksPolicy *policy)
{
	return session->encryption ? VKS_STAGING_MEMORY : policy->staging;
}

/* Making */

static VksKeyFile *wrap_by_passphrase(const VksSession *session, GError **error)
{
	g_autoptr(VksSecret) secret = ask(session, TRUE, error);

	return secret ? vks_key_file_new(session->sealing, VKS_ENCRYPTION_PASSPHRASE, "", secret,
					 &session->vks->key_cost, error)
		      : NULL;
}

static VksKeyFile *wrap_by_service(const VksSession *session, GError **error)
{
	g_autofree char *item = g_uuid_string_random();
	g_autoptr(VksSecret) secret = vks_secret_generate(error);
	GError *cause = NULL;

	if (!secret)
		return NULL;
	if (!vks_secret_service_put(item, session->name, secret, &cause)) {
		complete_service_error(session, cause, error);
		return NULL;
	}
	return vks_key_file_new(session->sealing, VKS_ENCRYPTION_KEYRING, item, secret, NULL,
				error);
}

static gboolean wrap_key(VksSession *session, VksEncryption method, GError **error)
{
	g_autoptr(VksKeyFile) file = method == VKS_ENCRYPTION_KEYRING
					     ? wrap_by_service(session, error)
					     : wrap_by_passphrase(session, error);
	g_autofree char *text = file ? vks_key_file_print(file) : NULL;

	return text && vks_private_dir_ensure(session->dir, error) &&
	       vks_file_replace(session->key_path, text, strlen(text), error);
}

gboolean vks_session_make_key(VksSession *session, VksEncryption method, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!session->key_path)
		session->key_path = g_build_filename(session->dir, VKS_KEY_FILE, NULL);
	if (!session->sealing)
		session->sealing = vks_sealing_generate(&cause);
	if (session->sealing && vks_memory_dir_ensure(session->memory_dir, &cause) &&
	    wrap_key(session, method, &cause)) {
		session->encryption = method;
		return TRUE;
	}
	vks_error_complete(error, g_steal_pointer(&cause),
			   "session %s is as it was; see what is missing with: vksession doctor",
			   session->name);
	return FALSE;
}

/* Destroying */

gboolean vks_session_destroy_key(const VksSession *session, const char *dir, GError **error)
{
	g_autofree char *grave = g_build_filename(dir, ".shred-key", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(key_files); i++) {
		g_autofree char *path = g_build_filename(dir, key_files[i].name, NULL);
		g_autoptr(VksKeyFile) file = vks_key_file_load(path, NULL);

		/* One that is half overwritten must not look like a key that saves need. */
		if (rename(path, grave) < 0 && errno != ENOENT) {
			vks_error_errno(error, errno, "cannot rename %s", path);
			return FALSE;
		}
		if ((session->encryption && !vks_path_sync(dir, error)) ||
		    !vks_tree_shred(grave, error))
			return FALSE;
		/* The secret by itself opens nothing any more. */
		if (file && vks_key_file_method(file) == VKS_ENCRYPTION_KEYRING)
			vks_secret_service_remove(vks_key_file_item(file), NULL);
	}
	return !session->encryption || vks_path_sync(dir, error);
}
