/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/manifest-seal.h"

#include <string.h>

#define CIPHER	  "xchacha20-poly1305"
#define MAC_START ",\n  \"manifest_mac\" : \""
#define MAC_END	  "\""
#define MAC_BYTES (sizeof(MAC_START) - 1 + VKS_MAC_HEX + sizeof(MAC_END) - 1)

void vks_manifest_seal_clear(VksManifestSeal *seal)
{
	g_free(seal->id);
	g_free(seal->hidden);
	vks_sealing_unref(seal->sealing);
	*seal = (VksManifestSeal){ 0 };
}

void vks_manifest_encrypt(VksManifest *manifest, VksSealing *sealing)
{
	vks_manifest_seal_clear(&manifest->seal);
	manifest->seal.id = vks_sealing_new_id();
	manifest->seal.sealing = vks_sealing_ref(sealing);
}

void vks_manifest_decrypt(VksManifest *manifest)
{
	vks_manifest_seal_clear(&manifest->seal);
}

gboolean vks_manifest_is_locked(const VksManifest *manifest)
{
	return manifest->seal.id && !manifest->seal.sealing;
}

static char *context_of(const VksManifest *manifest)
{
	return g_strconcat(manifest->seal.id, "/manifest.json", NULL);
}

/* Printing */

static char *print_hidden(const VksManifest *manifest)
{
	JsonNode *root = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();
	g_autofree char *context = context_of(manifest);
	g_autofree char *text = NULL;
	g_autoptr(GByteArray) sealed = NULL;

	vks_manifest_print_lists(object, manifest, VKS_LISTS_HIDDEN);
	json_node_take_object(root, object);
	text = vks_json_print(root);
	sealed = vks_sealing_close_bytes(manifest->seal.sealing, context, text, strlen(text), NULL);
	return g_base64_encode(sealed->data, sealed->len);
}

void vks_manifest_print_seal(JsonObject *object, const VksManifest *manifest)
{
	const VksManifestSeal *seal = &manifest->seal;
	g_autofree char *hidden = NULL;
	JsonObject *member;

	if (!seal->id)
		return;
	hidden = seal->sealing ? print_hidden(manifest) : g_strdup(seal->hidden);
	member = json_object_new();
	json_object_set_string_member(member, "cipher", CIPHER);
	json_object_set_string_member(member, "id", seal->id);
	json_object_set_string_member(member, "memory", seal->memory);
	json_object_set_string_member(member, "hidden", hidden);
	json_object_set_object_member(object, "encryption", member);
}

void vks_manifest_append_mac(GString *text, const VksManifest *manifest)
{
	const VksManifestSeal *seal = &manifest->seal;
	char mac[VKS_MAC_HEX + 1];
	guint8 digest[32];

	if (!seal->id)
		return;
	g_strlcpy(mac, seal->mac, sizeof(mac));
	if (seal->sealing) {
		vks_sealing_digest(text->str, text->len, digest);
		vks_sealing_mac(seal->sealing, digest, mac);
	}
	g_string_append_printf(text, MAC_START "%s" MAC_END, mac);
}

/* Parsing */

static char *parse_hex(VksJson *json, const char *member, gsize digits)
{
	char *text = vks_json_string(json, member, digits);

	if (!json->failed && (strlen(text) != digits || strspn(text, "0123456789abcdef") != digits))
		vks_json_fail(json, member, "is not so many digits");
	return text;
}

void vks_manifest_parse_seal(VksJson *json, VksManifest *manifest)
{
	VksJson section = { .error = json->error };
	VksManifestSeal *seal = &manifest->seal;
	g_autofree char *cipher = NULL;
	g_autofree char *memory = NULL;

	if (json->failed || !vks_json_has(json, "encryption"))
		return;
	section.object = vks_json_object(json, "encryption");
	if (!section.object)
		return;
	cipher = vks_json_string(&section, "cipher", 64);
	if (!section.failed && strcmp(cipher, CIPHER) != 0)
		vks_json_fail(&section, "cipher", "is of a later vksession than this one");
	seal->id = parse_hex(&section, "id", VKS_SEAL_ID_HEX);
	memory = parse_hex(&section, "memory", VKS_CHECKSUM_HEX);
	g_strlcpy(seal->memory, memory, sizeof(seal->memory));
	seal->hidden = vks_json_string(&section, "hidden", VKS_MANIFEST_MAX_BYTES);
	json->failed = section.failed;
}

gboolean vks_manifest_note_mac(VksManifest *manifest, const char *text, gsize length,
			       GError **error)
{
	VksManifestSeal *seal = &manifest->seal;
	const char *mac;

	if (!seal->id)
		return TRUE;
	mac = length > MAC_BYTES ? text + length - MAC_BYTES : NULL;
	if (!mac || memcmp(mac, MAC_START, strlen(MAC_START)) != 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "manifest: an encrypted save's has a mac, and this one has none");
		return FALSE;
	}
	memcpy(seal->mac, mac + strlen(MAC_START), VKS_MAC_HEX);
	vks_sealing_digest(text, length - MAC_BYTES, seal->digest);
	return TRUE;
}

/* Unlocking */

static gboolean open_hidden(VksManifest *manifest, VksSealing *sealing, GError **error)
{
	g_autofree char *context = context_of(manifest);
	gsize length = 0;
	g_autofree guchar *sealed = g_base64_decode(manifest->seal.hidden, &length);
	g_autoptr(GByteArray)
		text = vks_sealing_open_bytes(sealing, context, sealed, length, error);
	g_autoptr(JsonObject) object = NULL;
	VksJson json = { .error = error };

	if (!text)
		return FALSE;
	object = vks_json_parse((const char *)text->data, text->len, "what is hidden", error);
	if (!object)
		return FALSE;
	json.object = object;
	vks_manifest_parse_lists(&json, manifest);
	return !json.failed;
}

gboolean vks_manifest_unlock(VksManifest *manifest, VksSealing *sealing, GError **error)
{
	if (!vks_manifest_is_locked(manifest))
		return TRUE;
	if (!vks_sealing_check_mac(sealing, manifest->seal.digest, manifest->seal.mac)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "its manifest is not what this session's vksession wrote");
		return FALSE;
	}
	if (!open_hidden(manifest, sealing, error)) {
		g_prefix_error(error, "manifest: ");
		return FALSE;
	}
	manifest->seal.sealing = vks_sealing_ref(sealing);
	return TRUE;
}
