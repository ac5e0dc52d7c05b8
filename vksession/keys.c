/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   stretch - The wrapping key is BLAKE2b of a random secret, or Argon2id of a passphrase: what it
 *             costs, and the salt, are in the file.
 *   wrap    - XChaCha20-Poly1305 of the session's key. All else that is in the file goes with it as
 *             associated data, so that nobody makes the next passphrase cheaper to try.
 *   check   - A checksum over all, so that a file that was damaged is told from a wrong passphrase.
 */
#include "vksession/keys.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "vksession/checksum.h"
#include "vksession/durable.h"
#include "vksession/json.h"

#define FORMAT_NAME    "vksession-key"
#define VERSION	       1u
#define MAX_BYTES      65536u
#define SECRET_BYTES   32u
#define MAX_PASSPHRASE 1024u
#define SALT_BYTES     crypto_pwhash_SALTBYTES
#define NONCE_BYTES    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define WRAPPED_BYTES  (VKS_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES)
/* A file that asks for more is not ours, and would only keep us busy. */
#define MAX_OPERATIONS 64u
#define MAX_MEMORY     (G_GUINT64_CONSTANT(4) << 30)

struct VksSecret {
	gsize length, room;
	char bytes[];
};

struct VksKeyFile {
	VksEncryption method;
	char *item;
	VksKeyCost cost;
	guint8 salt[SALT_BYTES];
	guint8 nonce[NONCE_BYTES];
	guint8 wrapped[WRAPPED_BYTES];
};

static const char *const names[] = {
	[VKS_ENCRYPTION_NONE] = "none",
	[VKS_ENCRYPTION_KEYRING] = "keyring",
	[VKS_ENCRYPTION_PASSPHRASE] = "passphrase",
};

const char *vks_encryption_name(VksEncryption encryption)
{
	return names[encryption];
}

gboolean vks_encryption_parse(const char *text, VksEncryption *encryption)
{
	if (strcmp(text, "no") == 0)
		text = names[VKS_ENCRYPTION_NONE];
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*encryption = (VksEncryption)i;
			return TRUE;
		}
	}
	return FALSE;
}

/* Secrets */

VksSecret *vks_secret_new(gsize room, GError **error)
{
	VksSecret *secret = NULL;
	const gsize whole = _Alignof(VksSecret);
	gsize size = (sizeof(*secret) + room + whole - 1) / whole * whole;

	/* The library puts what it gives at the end of a page: it is as aligned as its size. */
	if (sodium_init() >= 0)
		secret = sodium_malloc(size);
	if (!secret) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no memory for a secret");
		return NULL;
	}
	secret->length = 0;
	secret->room = room;
	return secret;
}

VksSecret *vks_secret_generate(GError **error)
{
	VksSecret *secret = vks_secret_new(SECRET_BYTES, error);

	if (secret) {
		randombytes_buf(secret->bytes, SECRET_BYTES);
		secret->length = SECRET_BYTES;
	}
	return secret;
}

void vks_secret_free(VksSecret *secret)
{
	sodium_free(secret);
}

char *vks_secret_bytes(VksSecret *secret)
{
	return secret->bytes;
}

void vks_secret_set_length(VksSecret *secret, gsize length)
{
	secret->length = MIN(length, secret->room);
}

gsize vks_secret_length(const VksSecret *secret)
{
	return secret->length;
}

/* Byte by byte, so that nothing behind the line is taken. */
static gboolean read_line(int fd, int cancel_fd, VksSecret *secret)
{
	struct pollfd fds[] = { { fd, POLLIN, 0 }, { cancel_fd, POLLIN, 0 } };
	gsize length = 0;

	for (;;) {
		ssize_t n;

		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno == EINTR)
			continue;
		if (fds[1].revents)
			return FALSE;
		n = read(fd, secret->bytes + length, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || secret->bytes[length] == '\n' || length + 1 == secret->room)
			break;
		length++;
	}
	secret->length = length;
	return length > 0;
}

VksSecret *vks_secret_read(int fd, int cancel_fd, GError **error)
{
	g_autoptr(VksSecret) secret = vks_secret_new(MAX_PASSPHRASE, error);

	return secret && read_line(fd, cancel_fd, secret) ? g_steal_pointer(&secret) : NULL;
}

/* Wrapping */

VksKeyCost vks_key_cost(void)
{
	return (VksKeyCost){ crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
			     crypto_pwhash_argon2id_MEMLIMIT_MODERATE };
}

/* @param[out] key  VKS_KEY_BYTES, in memory for secrets */
static gboolean stretch(const VksKeyFile *file, VksSecret *secret, VksSecret *key, GError **error)
{
	int ret;

	if (file->method == VKS_ENCRYPTION_PASSPHRASE)
		ret = crypto_pwhash_argon2id((guint8 *)key->bytes, VKS_KEY_BYTES, secret->bytes,
					     secret->length, file->salt, file->cost.operations,
					     (gsize)file->cost.memory_bytes,
					     crypto_pwhash_argon2id_ALG_ARGON2ID13);
	else
		ret = crypto_generichash((guint8 *)key->bytes, VKS_KEY_BYTES,
					 (const guint8 *)secret->bytes, secret->length, file->salt,
					 SALT_BYTES);
	if (ret == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "the key can't be computed: it takes %" G_GUINT64_FORMAT " MiB of memory",
		    file->cost.memory_bytes >> 20);
	return FALSE;
}

static void put_hex(GString *text, const guint8 *bytes, gsize length)
{
	for (gsize i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
}

/* All of the file but the key itself, as one text. */
static char *describe(const VksKeyFile *file)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "%s %u %s %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " ",
			FORMAT_NAME, VERSION, vks_encryption_name(file->method), file->item,
			file->cost.operations, file->cost.memory_bytes);
	put_hex(text, file->salt, SALT_BYTES);
	return g_string_free(text, FALSE);
}

static gboolean wrap(VksKeyFile *file, const VksSealing *sealing, VksSecret *secret, GError **error)
{
	g_autofree char *with = describe(file);
	g_autoptr(VksSecret) key = vks_secret_new(VKS_KEY_BYTES, error);

	if (!key || !stretch(file, secret, key, error))
		return FALSE;
	randombytes_buf(file->nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		file->wrapped, NULL, vks_sealing_key(sealing), VKS_KEY_BYTES, (const guint8 *)with,
		strlen(with), NULL, file->nonce, (const guint8 *)key->bytes);
	return TRUE;
}

VksKeyFile *vks_key_file_new(const VksSealing *sealing, VksEncryption method, const char *item,
			     VksSecret *secret, const VksKeyCost *cost, GError **error)
{
	g_autoptr(VksKeyFile) file = g_new0(VksKeyFile, 1);

	file->method = method;
	file->item = g_strdup(item);
	if (cost)
		file->cost = *cost;
	randombytes_buf(file->salt, SALT_BYTES);
	return wrap(file, sealing, secret, error) ? g_steal_pointer(&file) : NULL;
}

void vks_key_file_free(VksKeyFile *file)
{
	if (!file)
		return;
	g_free(file->item);
	g_free(file);
}

VksEncryption vks_key_file_method(const VksKeyFile *file)
{
	return file->method;
}

const char *vks_key_file_item(const VksKeyFile *file)
{
	return file->item;
}

VksSealing *vks_key_file_open(const VksKeyFile *file, VksSecret *secret, GError **error)
{
	g_autofree char *with = describe(file);
	g_autoptr(VksSecret) key = vks_secret_new(VKS_KEY_BYTES, error);
	g_autoptr(VksSecret) plain = key ? vks_secret_new(VKS_KEY_BYTES, error) : NULL;

	if (!plain || !stretch(file, secret, key, error))
		return NULL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    (guint8 *)plain->bytes, NULL, NULL, file->wrapped, WRAPPED_BYTES,
		    (const guint8 *)with, strlen(with), file->nonce,
		    (const guint8 *)key->bytes) == 0)
		return vks_sealing_new((const guint8 *)plain->bytes, error);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
		    file->method == VKS_ENCRYPTION_PASSPHRASE
			    ? "the passphrase is wrong"
			    : "the secret in the Secret Service is that of another key");
	return NULL;
}

/* The file */

static void add_hex(JsonObject *object, const char *member, const guint8 *bytes, gsize length)
{
	g_autoptr(GString) text = g_string_new(NULL);

	put_hex(text, bytes, length);
	json_object_set_string_member(object, member, text->str);
}

static void compute_checksum(const VksKeyFile *file, char hex[VKS_CHECKSUM_HEX + 1])
{
	g_autofree char *with = describe(file);
	g_autoptr(GString) text = g_string_new(with);

	put_hex(text, file->nonce, NONCE_BYTES);
	put_hex(text, file->wrapped, WRAPPED_BYTES);
	vks_checksum_buffer(text->str, text->len, hex);
}

char *vks_key_file_print(const VksKeyFile *file)
{
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();
	char checksum[VKS_CHECKSUM_HEX + 1];

	compute_checksum(file, checksum);
	json_object_set_string_member(object, "format", FORMAT_NAME);
	json_object_set_int_member(object, "version", VERSION);
	json_object_set_string_member(object, "method", vks_encryption_name(file->method));
	json_object_set_string_member(object, "item", file->item);
	json_object_set_int_member(object, "argon2id_operations", (gint64)file->cost.operations);
	json_object_set_int_member(object, "argon2id_memory_bytes",
				   (gint64)file->cost.memory_bytes);
	add_hex(object, "salt", file->salt, SALT_BYTES);
	add_hex(object, "nonce", file->nonce, NONCE_BYTES);
	add_hex(object, "wrapped_key", file->wrapped, WRAPPED_BYTES);
	json_object_set_string_member(object, "checksum", checksum);
	json_node_take_object(root, object);
	return vks_json_print(root);
}

static void parse_hex(VksJson *json, const char *member, guint8 *bytes, gsize length)
{
	g_autofree char *text = vks_json_string(json, member, 2 * length);
	gsize found = 0;

	if (!json->failed &&
	    (sodium_hex2bin(bytes, length, text, strlen(text), NULL, &found, NULL) != 0 ||
	     found != length))
		vks_json_fail(json, member, "is not so many digits");
}

static void parse_members(VksJson *json, VksKeyFile *file)
{
	g_autofree char *format = vks_json_string(json, "format", 64);
	guint64 version = vks_json_uint(json, "version", G_MAXUINT32);
	g_autofree char *method = NULL;

	if (!json->failed && (strcmp(format, FORMAT_NAME) != 0 || version != VERSION))
		vks_json_fail(json, "version", "is of a later vksession than this one");
	method = vks_json_string(json, "method", 64);
	if (!json->failed &&
	    (!vks_encryption_parse(method, &file->method) || file->method == VKS_ENCRYPTION_NONE))
		vks_json_fail(json, "method", "is none");
	file->item = vks_json_string(json, "item", 64);
	file->cost.operations = vks_json_uint(json, "argon2id_operations", MAX_OPERATIONS);
	file->cost.memory_bytes = vks_json_uint(json, "argon2id_memory_bytes", MAX_MEMORY);
	parse_hex(json, "salt", file->salt, SALT_BYTES);
	parse_hex(json, "nonce", file->nonce, NONCE_BYTES);
	parse_hex(json, "wrapped_key", file->wrapped, WRAPPED_BYTES);
}

VksKeyFile *vks_key_file_parse(const char *text, gsize length, GError **error)
{
	g_autoptr(VksKeyFile) file = g_new0(VksKeyFile, 1);
	g_autoptr(JsonObject) object = vks_json_parse(text, length, "key.json", error);
	g_autofree char *checksum = NULL;
	g_autoptr(GError) cause = NULL;
	VksJson json = { .object = object, .error = &cause };
	char expected[VKS_CHECKSUM_HEX + 1];

	if (!object)
		return NULL;
	parse_members(&json, file);
	checksum = vks_json_string(&json, "checksum", VKS_CHECKSUM_HEX);
	if (!json.failed) {
		compute_checksum(file, expected);
		if (strcmp(expected, checksum) != 0)
			vks_json_fail(&json, "checksum", "differs");
	}
	if (!json.failed)
		return g_steal_pointer(&file);
	g_propagate_prefixed_error(error, g_steal_pointer(&cause), "key.json: ");
	return NULL;
}

VksKeyFile *vks_key_file_load(const char *path, GError **error)
{
	gsize length = 0;
	g_autofree char *text = vks_file_read(path, MAX_BYTES, &length, error);

	return text ? vks_key_file_parse(text, length, error) : NULL;
}
