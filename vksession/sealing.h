/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The cryptography of encrypted saves: pages of memory, parts, digests. All of it is libsodium's.
 *
 * Errors are G_IO_ERRORs; INVALID_DATA means that something is not what was sealed.
 */
#pragma once

#include <gio/gio.h>

#define VKS_KEY_BYTES	32u
#define VKS_SEAL_ID_HEX 32u /* digits of a save's seal */
#define VKS_MAC_HEX	64u /* digits of a text's seal */
#define VKS_PAGE_SALT	16u
#define VKS_PAGE_TAG	16u
#define VKS_SEALED_PAGE 4096u /* bytes, sealed and not */

/**
 * The keys of an encrypted session, in memory that is neither swapped out nor dumped, and is
 * overwritten when it is freed. Can be used by several threads.
 */
typedef struct VksSealing VksSealing;

/** @return a session's keys from its key; vks_sealing_unref(). NULL: no memory for keys */
VksSealing *vks_sealing_new(const guint8 key[VKS_KEY_BYTES], GError **error);
/** As vks_sealing_new(), of a fresh random key. */
VksSealing *vks_sealing_generate(GError **error);
VksSealing *vks_sealing_ref(VksSealing *sealing);
void vks_sealing_unref(VksSealing *sealing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksSealing, vks_sealing_unref)

/** @return the session's key, borrowed; for those who keep it */
const guint8 *vks_sealing_key(const VksSealing *sealing);

/** @return a fresh random id for what one save seals; free with g_free() */
char *vks_sealing_new_id(void);

/** Replaces a checksum of plain data (as of checksum.h) by one that tells nothing without the key. */
void vks_sealing_hide_checksum(const VksSealing *sealing, char *hex);

/** Computes the digest of a text that vks_sealing_mac() takes; needs no key. */
void vks_sealing_digest(const void *text, gsize length, guint8 digest[32]);
/** Computes what nobody can compute without the key. */
void vks_sealing_mac(const VksSealing *sealing, const guint8 digest[32], char mac[VKS_MAC_HEX + 1]);

/** @return whether a mac is that of a digest */
gboolean vks_sealing_check_mac(const VksSealing *sealing, const guint8 digest[32],
			       const char mac[VKS_MAC_HEX + 1]);

/** What a page needs, besides the key, to be opened: nobody else's page will do. */
typedef struct {
	guint64 page;		    /* number */
	guint8 salt[VKS_PAGE_SALT]; /* with the number: the nonce. Never twice for one number */
	guint8 tag[VKS_PAGE_TAG];
} VksPageSeal;

/** Fills in a salt that was never used. */
void vks_sealing_salt(guint8 salt[VKS_PAGE_SALT]);

/** Seals a page. @param[in,out] seal  page and salt are set; gets the tag */
void vks_sealing_close_page(const VksSealing *sealing, VksPageSeal *seal, const guint8 *plain,
			    guint8 *sealed);
/** Opens a page, in place if asked to. @return whether it is the page that was sealed */
gboolean vks_sealing_open_page(const VksSealing *sealing, const VksPageSeal *seal,
			       const guint8 *sealed, guint8 *plain);

/** Takes bytes. @return 0, or a positive errno */
typedef int (*VksTakeBytes)(gpointer data, const guint8 *bytes, gsize length);
/** Gives up to `length` bytes; fewer only at the end. @return their number, or a negative errno */
typedef gssize (*VksGiveBytes)(gpointer data, guint8 *bytes, gsize length);

/** Where a stream comes from and where it goes. */
typedef struct {
	VksGiveBytes give;
	gpointer from;
	VksTakeBytes take;
	gpointer to;
} VksStream;

/**
 * Seals a stream of any length, including none.
 *
 * @param context  what it is, "<save's seal>/<part>": it can be opened as nothing else
 */
gboolean vks_sealing_close_stream(const VksSealing *sealing, const char *context,
				  const VksStream *stream, GError **error);
/**
 * Opens a stream. What was taken before an error is that of the stream so far, and must not be
 * used: the end may be missing.
 */
gboolean vks_sealing_open_stream(const VksSealing *sealing, const char *context,
				 const VksStream *stream, GError **error);

/** As the two above, from memory to memory. @return free with g_byte_array_unref(); NULL on error */
GByteArray *vks_sealing_close_bytes(const VksSealing *sealing, const char *context,
				    const void *data, gsize length, GError **error);
GByteArray *vks_sealing_open_bytes(const VksSealing *sealing, const char *context, const void *data,
				   gsize length, GError **error);
