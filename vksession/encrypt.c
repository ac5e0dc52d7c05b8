/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   key     - A new session key, in key.json.changing: from now on saves of both kinds are good.
 *   convert - All saves (see convert.c).
 *   tidy    - What else was in the open: logs, and what programs were started with.
 *   settle  - key.json.changing becomes key.json: now nothing else than encrypted saves is good.
 *
 * Decrypting goes the other way. An interrupted one goes on where it was.
 */
#include <errno.h>
#include <stdio.h>

#include "launcher/autofd.h"
#include "vksession/convert.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/secret-service.h"

gboolean vks_needs_passphrase(Vks *vks, const char *name, const char *encrypt)
{
	g_autoptr(VksSession) session = vks_session_find(vks, name, VKS_SESSION_MAY_BE_NEW, NULL);
	VksPolicy policy = { .encrypt = VKS_ENCRYPTION_NONE };

	if (!session)
		return FALSE;
	if (session->record || session->encryption)
		return session->encryption == VKS_ENCRYPTION_PASSPHRASE && !session->sealing;
	if (!encrypt)
		vks_session_policy(session, &policy, NULL);
	else if (!vks_encryption_parse(encrypt, &policy.encrypt))
		return FALSE;
	return policy.encrypt == VKS_ENCRYPTION_PASSPHRASE;
}

static gboolean need_no_disks(const VksSession *session, GError **error)
{
	if (!session->record || !*session->record->disks)
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
		    "session %s has disks, which can't be encrypted; nothing was changed; keep "
		    "what is secret in private directories",
		    session->name);
	return FALSE;
}

/* @return the session, locked and at rest */
static VksSession *begin(Vks *vks, const char *name, const char *verb, GError **error)
{
	g_autoptr(VksSession) session = vks_session_lock(vks, name, verb, 0, error);

	if (!session || !session->running)
		return g_steal_pointer(&session);
	g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
		    "session %s is running; it goes on and nothing was changed; save and end it "
		    "first with: vksession save --stop %s",
		    name, name);
	return NULL;
}

/* Says why it was given up in the middle. @param cause  is taken. @return FALSE */
static gboolean give_up(const VksSession *session, const char *verb, GError *cause, GError **error)
{
	vks_error_complete(error, cause,
			   "saves are intact, but not all are %sed; put that right, and go on "
			   "with: vksession %s %s",
			   verb, verb, session->name);
	return FALSE;
}

static gboolean rename_key(VksSession *session, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(session->dir, name, NULL);

	if (rename(session->key_path, path) < 0) {
		vks_error_errno(error, errno, "cannot rename %s", session->key_path);
		return FALSE;
	}
	g_free(session->key_path);
	session->key_path = g_steal_pointer(&path);
	return vks_path_sync(session->dir, error);
}

static gboolean remove_logs(VksSession *session, GError **error)
{
	if (!vks_session_place_logs(session, FALSE, error) ||
	    !vks_tree_shred(session->log_path, error) ||
	    !vks_tree_shred(session->viewer_log_path, error) ||
	    !vks_tree_shred(session->report_path, error))
		return FALSE;
	return vks_session_place_logs(session, TRUE, error);
}

static gboolean tidy(VksSession *session, GError **error)
{
	if (!remove_logs(session, error))
		return FALSE;
	if (!session->record)
		return TRUE;
	vks_record_hide_arguments(session->record);
	return vks_record_store(session->record, session->record_path, error);
}

static gboolean encrypt_saves(VksSession *session, const VksControl *control, GError **error)
{
	autofd lock = vks_session_lock_saves(session, "encrypt", TRUE, error);

	vks_control_report(control, "encrypting saves", 0, 0);
	return lock >= 0 &&
	       vks_saves_convert(session->saves_dir, session->sealing, TRUE,
				 vks_control_cancellable(control), error) &&
	       tidy(session, error) && rename_key(session, VKS_KEY_FILE, error);
}

static gboolean have_key(VksSession *session, VksEncryption method, GError **error)
{
	if (session->changing)
		return vks_session_unlock(session, error);
	session->key_path = g_build_filename(session->dir, VKS_KEY_FILE_CHANGING, NULL);
	return vks_session_make_key(session, method, error);
}

/* The key stays what it is: saves need not be touched. */
static gboolean keep_otherwise(VksSession *session, VksEncryption method, GError **error)
{
	g_autoptr(VksKeyFile) before = vks_key_file_load(session->key_path, NULL);

	if (!vks_session_unlock(session, error) || !vks_session_make_key(session, method, error))
		return FALSE;
	if (before && vks_key_file_method(before) == VKS_ENCRYPTION_KEYRING)
		vks_secret_service_remove(vks_key_file_item(before), NULL);
	return TRUE;
}

gboolean vks_encrypt(Vks *vks, const char *name, VksEncryption method, const VksControl *control,
		     GError **error)
{
	g_autoptr(VksSession) session = begin(vks, name, "encrypt", error);
	g_autoptr(GError) cause = NULL;

	if (!session || !need_no_disks(session, error))
		return FALSE;
	if (session->encryption && !session->changing)
		return keep_otherwise(session, method, error);
	if (!have_key(session, method, error))
		return FALSE;
	return encrypt_saves(session, control, &cause) ||
	       give_up(session, "encrypt", g_steal_pointer(&cause), error);
}

static gboolean decrypt_saves(VksSession *session, const VksControl *control, GError **error)
{
	autofd lock = vks_session_lock_saves(session, "decrypt", TRUE, error);

	vks_control_report(control, "decrypting saves", 0, 0);
	return lock >= 0 &&
	       (session->changing || rename_key(session, VKS_KEY_FILE_CHANGING, error)) &&
	       vks_saves_convert(session->saves_dir, session->sealing, FALSE,
				 vks_control_cancellable(control), error) &&
	       vks_session_destroy_key(session, session->dir, error);
}

gboolean vks_decrypt(Vks *vks, const char *name, const VksControl *control, GError **error)
{
	g_autoptr(VksSession) session = begin(vks, name, "decrypt", error);
	g_autoptr(GError) cause = NULL;

	if (!session)
		return FALSE;
	if (!session->encryption) {
		g_set_error(error, VKS_ERROR, VKS_ERROR_STATE,
			    "session %s is not encrypted; nothing was changed; encrypt it with: "
			    "vksession encrypt %s",
			    name, name);
		return FALSE;
	}
	if (!vks_session_unlock(session, error))
		return FALSE;
	return decrypt_saves(session, control, &cause) ||
	       give_up(session, "decrypt", g_steal_pointer(&cause), error);
}
