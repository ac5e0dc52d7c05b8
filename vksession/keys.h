/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * key.json: the key of an encrypted session, wrapped by a secret that is kept elsewhere: in the
 * Secret Service, or in somebody's head. The format is described in vksession-save(5).
 */
#pragma once

#include "vksession/sealing.h"

typedef enum {
	VKS_ENCRYPTION_NONE,
	VKS_ENCRYPTION_KEYRING,	   /* the secret is in the Secret Service */
	VKS_ENCRYPTION_PASSPHRASE, /* the secret is derived from a passphrase, by Argon2id */
} VksEncryption;

/** @return "none", "keyring" or "passphrase" */
const char *vks_encryption_name(VksEncryption encryption);
/** @return whether a text is one of these names, or "no" for "none" */
gboolean vks_encryption_parse(const char *text, VksEncryption *encryption);

/** Bytes that must not be swapped out, dumped or left behind: a passphrase, or a random secret. */
typedef struct VksSecret VksSecret;

/** @return an empty secret with room for so many bytes; vks_secret_free(). NULL: no memory for it */
VksSecret *vks_secret_new(gsize room, GError **error);
/** As vks_secret_new(), of random bytes. */
VksSecret *vks_secret_generate(GError **error);
/** Overwrites it. */
void vks_secret_free(VksSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksSecret, vks_secret_free)

/** @return where its bytes are, with all of its room */
char *vks_secret_bytes(VksSecret *secret);
/** Tells how many of them it has; the rest of the room is not looked at. */
void vks_secret_set_length(VksSecret *secret, gsize length);
gsize vks_secret_length(const VksSecret *secret);

/**
 * Reads a passphrase: a line, or what there is before the end of the file. What follows the line is
 * left for the next one who reads.
 *
 * @param cancel_fd  readable when reading is to be given up; -1: never
 * @return the secret; NULL without an error if there was no passphrase; NULL with one: no memory
 */
VksSecret *vks_secret_read(int fd, int cancel_fd, GError **error);

/** Work that a passphrase costs whoever tries one; see crypto_pwhash(3). */
typedef struct {
	guint64 operations;
	guint64 memory_bytes;
} VksKeyCost;

/** @return what is asked of new keys: a quarter of a gigabyte, and some tenths of a second */
VksKeyCost vks_key_cost(void);

/** A wrapped key. */
typedef struct VksKeyFile VksKeyFile;

/**
 * Wraps a session's key.
 *
 * @param method  not VKS_ENCRYPTION_NONE
 * @param item    name of the secret in the Secret Service; "" if it is a passphrase
 * @param cost    for a passphrase; NULL otherwise
 * @return free with vks_key_file_free(); NULL with an error (no memory)
 */
VksKeyFile *vks_key_file_new(const VksSealing *sealing, VksEncryption method, const char *item,
			     VksSecret *secret, const VksKeyCost *cost, GError **error);
void vks_key_file_free(VksKeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksKeyFile, vks_key_file_free)

VksEncryption vks_key_file_method(const VksKeyFile *file);
const char *vks_key_file_item(const VksKeyFile *file);

/** @return its text; free with g_free() */
char *vks_key_file_print(const VksKeyFile *file);
/** Reads untrusted text. @return NULL with INVALID_DATA */
VksKeyFile *vks_key_file_parse(const char *text, gsize length, GError **error);
/** Reads a file. NULL with INVALID_DATA, NOT_FOUND, or the read error. */
VksKeyFile *vks_key_file_load(const char *path, GError **error);

/**
 * Opens a wrapped key.
 * @return vks_sealing_unref(); NULL with PERMISSION_DENIED if the secret is another one
 */
VksSealing *vks_key_file_open(const VksKeyFile *file, VksSecret *secret, GError **error);
