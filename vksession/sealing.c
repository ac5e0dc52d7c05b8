/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Threat model. Somebody gets hold of what is on the disk: takes the machine or the disk, or a
 * backup of it, reads it, changes it, and may give it back. He must learn nothing of what was in a
 * session's memory, and whatever he changes must be refused at the thaw, never be run. He may see
 * how much there is, when it was saved, and what vksession-save(5) says stays readable, and he may
 * put an older state of the whole session back: nothing on the disk can tell. Not the threat:
 * whoever may read the memory of this user's processes. There the guest's memory is plain while it
 * runs, and so is the key.
 *
 * Why one secret key, and no public one that saves are sealed for. With a public key, saves would
 * need no secret; but then whoever has the disk could seal a save as well, and have it run. So what
 * makes a save must be secret, and it is in memory exactly as long as what it is to protect: the
 * guest. Nobody needs to be asked when the machine shuts down, only when a session is thawed.
 *
 *   keys   - From the session's key, one each for pages, parts, texts and checksums (BLAKE2b).
 *   pages  - XChaCha20-Poly1305, each page for itself at its own place, so that a memory stays
 *            sparse, and pages can be left out, taken from the save before, and moved to another
 *            save. The nonce is a random salt and the page's number. Which pages, with which tags,
 *            make up the memory of a save is told by its part memory.seals: a page that is older,
 *            or another session's, or of another place, has another tag.
 *   stream - XChaCha20-Poly1305 in chunks (libsodium's secretstream: order, end and length are
 *            authenticated). With each chunk goes the context, which names the save and the part.
 *   mac    - Keyed BLAKE2b over the digest of a text: a manifest's.
 *   hide   - Keyed BLAKE2b over a checksum of plain memory, which by itself would tell whether the
 *            memory is one that somebody guesses.
 */
#include "vksession/sealing.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "vksession/checksum.h"
#include "vksession/error.h"

#define MAGIC	     "VKSSEAL1"
#define MAGIC_BYTES  (sizeof(MAGIC) - 1)
#define HEADER_BYTES (MAGIC_BYTES + crypto_secretstream_xchacha20poly1305_HEADERBYTES)
#define CHUNK_PLAIN  65536u
#define CHUNK_SEALED (CHUNK_PLAIN + crypto_secretstream_xchacha20poly1305_ABYTES)

G_STATIC_ASSERT(VKS_KEY_BYTES == crypto_generichash_KEYBYTES);
G_STATIC_ASSERT(VKS_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
G_STATIC_ASSERT(VKS_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES);
G_STATIC_ASSERT(VKS_PAGE_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES);
G_STATIC_ASSERT(VKS_PAGE_SALT + 8 == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

struct VksSealing {
	gint references; /* atomic */
	guint8 key[VKS_KEY_BYTES];
	guint8 pages[VKS_KEY_BYTES];
	guint8 parts[VKS_KEY_BYTES];
	guint8 texts[VKS_KEY_BYTES];
	guint8 checksums[VKS_KEY_BYTES];
};

static gboolean start_library(GError **error)
{
	if (sodium_init() >= 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "libsodium can't be used");
	return FALSE;
}

static void derive(guint8 *subkey, const guint8 *key, const char *purpose)
{
	crypto_generichash(subkey, VKS_KEY_BYTES, (const guint8 *)purpose, strlen(purpose), key,
			   VKS_KEY_BYTES);
}

VksSealing *vks_sealing_new(const guint8 key[VKS_KEY_BYTES], GError **error)
{
	VksSealing *sealing = start_library(error) ? sodium_malloc(sizeof(*sealing)) : NULL;

	if (!sealing) {
		if (error && !*error)
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no memory for a key");
		return NULL;
	}
	sealing->references = 1;
	memcpy(sealing->key, key, VKS_KEY_BYTES);
	derive(sealing->pages, key, "vksession pages 1");
	derive(sealing->parts, key, "vksession parts 1");
	derive(sealing->texts, key, "vksession texts 1");
	derive(sealing->checksums, key, "vksession checksums 1");
	return sealing;
}

VksSealing *vks_sealing_generate(GError **error)
{
	guint8 key[VKS_KEY_BYTES];
	VksSealing *sealing;

	if (!start_library(error))
		return NULL;
	randombytes_buf(key, sizeof(key));
	sealing = vks_sealing_new(key, error);
	sodium_memzero(key, sizeof(key));
	return sealing;
}

VksSealing *vks_sealing_ref(VksSealing *sealing)
{
	if (sealing)
		g_atomic_int_inc(&sealing->references);
	return sealing;
}

void vks_sealing_unref(VksSealing *sealing)
{
	/* Overwrites it. */
	if (sealing && g_atomic_int_dec_and_test(&sealing->references))
		sodium_free(sealing);
}

const guint8 *vks_sealing_key(const VksSealing *sealing)
{
	return sealing->key;
}

char *vks_sealing_new_id(void)
{
	guint8 id[VKS_SEAL_ID_HEX / 2];
	char *hex = g_malloc(VKS_SEAL_ID_HEX + 1);

	randombytes_buf(id, sizeof(id));
	return sodium_bin2hex(hex, VKS_SEAL_ID_HEX + 1, id, sizeof(id));
}

/* Digests */

void vks_sealing_hide_checksum(const VksSealing *sealing, char *hex)
{
	guint8 hidden[VKS_CHECKSUM_HEX / 2];

	crypto_generichash(hidden, sizeof(hidden), (const guint8 *)hex, VKS_CHECKSUM_HEX,
			   sealing->checksums, VKS_KEY_BYTES);
	sodium_bin2hex(hex, VKS_CHECKSUM_HEX + 1, hidden, sizeof(hidden));
}

void vks_sealing_digest(const void *text, gsize length, guint8 digest[32])
{
	crypto_generichash(digest, 32, text, length, NULL, 0);
}

void vks_sealing_mac(const VksSealing *sealing, const guint8 digest[32], char mac[VKS_MAC_HEX + 1])
{
	guint8 bytes[VKS_MAC_HEX / 2];

	crypto_generichash(bytes, sizeof(bytes), digest, 32, sealing->texts, VKS_KEY_BYTES);
	sodium_bin2hex(mac, VKS_MAC_HEX + 1, bytes, sizeof(bytes));
}

gboolean vks_sealing_check_mac(const VksSealing *sealing, const guint8 digest[32],
			       const char mac[VKS_MAC_HEX + 1])
{
	char expected[VKS_MAC_HEX + 1];

	vks_sealing_mac(sealing, digest, expected);
	return sodium_memcmp(expected, mac, VKS_MAC_HEX) == 0;
}

/* Pages */

void vks_sealing_salt(guint8 salt[VKS_PAGE_SALT])
{
	randombytes_buf(salt, VKS_PAGE_SALT);
}

static void make_nonce(const VksPageSeal *seal, guint8 nonce[VKS_PAGE_SALT + 8])
{
	guint64 page = GUINT64_TO_LE(seal->page);

	memcpy(nonce, seal->salt, VKS_PAGE_SALT);
	memcpy(nonce + VKS_PAGE_SALT, &page, sizeof(page));
}

void vks_sealing_close_page(const VksSealing *sealing, VksPageSeal *seal, const guint8 *plain,
			    guint8 *sealed)
{
	guint8 nonce[VKS_PAGE_SALT + 8];

	make_nonce(seal, nonce);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(sealed, seal->tag, NULL, plain,
							    VKS_SEALED_PAGE, NULL, 0, NULL, nonce,
							    sealing->pages);
}

gboolean vks_sealing_open_page(const VksSealing *sealing, const VksPageSeal *seal,
			       const guint8 *sealed, guint8 *plain)
{
	guint8 nonce[VKS_PAGE_SALT + 8];

	make_nonce(seal, nonce);
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, NULL, sealed,
								   VKS_SEALED_PAGE, seal->tag, NULL,
								   0, nonce, sealing->pages) == 0;
}

/* Streams */

/** One stream under way. */
typedef struct {
	const VksStream *stream;
	const guint8 *context;
	gsize context_length;
	crypto_secretstream_xchacha20poly1305_state state;
	guint8 *plain;	/* CHUNK_PLAIN */
	guint8 *sealed; /* CHUNK_SEALED */
} Work;

static Work *work_new(const char *context, const VksStream *stream)
{
	Work *work = g_new0(Work, 1);

	work->stream = stream;
	work->context = (const guint8 *)context;
	work->context_length = strlen(context);
	work->plain = g_malloc(CHUNK_PLAIN);
	work->sealed = g_malloc(CHUNK_SEALED);
	return work;
}

static void work_free(Work *work)
{
	sodium_memzero(&work->state, sizeof(work->state));
	sodium_memzero(work->plain, CHUNK_PLAIN);
	g_free(work->plain);
	g_free(work->sealed);
	g_free(work);
}

static gboolean set_stream_error(GError **error, gssize ret, const char *what)
{
	vks_error_errno(error, (int)-ret, "cannot %s a part of a save", what);
	return FALSE;
}

static gboolean give_all(const Work *work, guint8 *buffer, gsize length, gsize *got, GError **error)
{
	gssize n = work->stream->give(work->stream->from, buffer, length);

	if (n < 0)
		return set_stream_error(error, n, "read");
	*got = (gsize)n;
	return TRUE;
}

static gboolean take_all(const Work *work, const guint8 *bytes, gsize length, GError **error)
{
	int errnum = work->stream->take(work->stream->to, bytes, length);

	return errnum == 0 || set_stream_error(error, -errnum, "write");
}

static gboolean close_header(Work *work, const VksSealing *sealing, GError **error)
{
	memcpy(work->sealed, MAGIC, MAGIC_BYTES);
	crypto_secretstream_xchacha20poly1305_init_push(&work->state, work->sealed + MAGIC_BYTES,
							sealing->parts);
	return take_all(work, work->sealed, HEADER_BYTES, error);
}

/* The last chunk is the one that is not full; so it may be empty, and there always is one. */
static gboolean close_chunk(Work *work, gboolean *last, GError **error)
{
	unsigned long long length = 0;
	gsize got;

	if (!give_all(work, work->plain, CHUNK_PLAIN, &got, error))
		return FALSE;
	*last = got < CHUNK_PLAIN;
	crypto_secretstream_xchacha20poly1305_push(
		&work->state, work->sealed, &length, work->plain, got, work->context,
		work->context_length,
		*last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
		      : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	return take_all(work, work->sealed, (gsize)length, error);
}

gboolean vks_sealing_close_stream(const VksSealing *sealing, const char *context,
				  const VksStream *stream, GError **error)
{
	Work *work = work_new(context, stream);
	gboolean ok = close_header(work, sealing, error), last = FALSE;

	while (ok && !last)
		ok = close_chunk(work, &last, error);
	work_free(work);
	return ok;
}

static gboolean set_forged(GError **error)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "it is not what was encrypted, or not whole");
	return FALSE;
}

static gboolean open_header(Work *work, const VksSealing *sealing, GError **error)
{
	gsize got;

	if (!give_all(work, work->sealed, HEADER_BYTES, &got, error))
		return FALSE;
	if (got == HEADER_BYTES && memcmp(work->sealed, MAGIC, MAGIC_BYTES) == 0 &&
	    crypto_secretstream_xchacha20poly1305_init_pull(
		    &work->state, work->sealed + MAGIC_BYTES, sealing->parts) == 0)
		return TRUE;
	return set_forged(error);
}

static gboolean open_chunk(Work *work, gboolean *last, GError **error)
{
	unsigned long long length = 0;
	guint8 tag = 0;
	gsize got;

	if (!give_all(work, work->sealed, CHUNK_SEALED, &got, error))
		return FALSE;
	*last = got < CHUNK_SEALED;
	if (crypto_secretstream_xchacha20poly1305_pull(&work->state, work->plain, &length, &tag,
						       work->sealed, got, work->context,
						       work->context_length) != 0 ||
	    *last != (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL))
		return set_forged(error);
	return take_all(work, work->plain, (gsize)length, error);
}

gboolean vks_sealing_open_stream(const VksSealing *sealing, const char *context,
				 const VksStream *stream, GError **error)
{
	Work *work = work_new(context, stream);
	gboolean ok = open_header(work, sealing, error), last = FALSE;

	while (ok && !last)
		ok = open_chunk(work, &last, error);
	work_free(work);
	return ok;
}

/* From memory to memory */

typedef struct {
	const guint8 *data;
	gsize left;
} Bytes;

static gssize give_bytes(gpointer data, guint8 *bytes, gsize length)
{
	Bytes *from = data;
	gsize n = MIN(length, from->left);

	if (n == 0)
		return 0; /* of nothing there is not even an address */
	memcpy(bytes, from->data, n);
	from->data += n;
	from->left -= n;
	return (gssize)n;
}

static int take_bytes(gpointer data, const guint8 *bytes, gsize length)
{
	g_byte_array_append(data, bytes, (guint)length);
	return 0;
}

typedef gboolean (*Convert)(const VksSealing *sealing, const char *context, const VksStream *stream,
			    GError **error);

static GByteArray *convert_bytes(Convert convert, const VksSealing *sealing, const char *context,
				 const void *data, gsize length, GError **error)
{
	g_autoptr(GByteArray) result = g_byte_array_new();
	Bytes from = { data, length };
	VksStream stream = { give_bytes, &from, take_bytes, result };

	/* As much as an array can hold, with what sealing adds. */
	if (length > G_MAXUINT / 2) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it is too long");
		return NULL;
	}
	return convert(sealing, context, &stream, error) ? g_steal_pointer(&result) : NULL;
}

GByteArray *vks_sealing_close_bytes(const VksSealing *sealing, const char *context,
				    const void *data, gsize length, GError **error)
{
	return convert_bytes(vks_sealing_close_stream, sealing, context, data, length, error);
}

GByteArray *vks_sealing_open_bytes(const VksSealing *sealing, const char *context, const void *data,
				   gsize length, GError **error)
{
	return convert_bytes(vks_sealing_open_stream, sealing, context, data, length, error);
}
