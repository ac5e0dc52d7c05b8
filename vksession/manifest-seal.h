/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The manifest of an encrypted save, for manifest.c only: what of it is hidden, and its mac.
 */
#pragma once

#include "vksession/json.h"
#include "vksession/manifest.h"

/** Which of the lists of host files and windows are printed. */
typedef enum {
	VKS_LISTS_ALL,
	VKS_LISTS_OPEN,	  /* what can be read without the key, too */
	VKS_LISTS_HIDDEN, /* the rest */
} VksManifestLists;

/* In manifest.c: adds the lists to an object, and takes them from one. */
void vks_manifest_print_lists(JsonObject *object, const VksManifest *manifest,
			      VksManifestLists which);
void vks_manifest_parse_lists(VksJson *json, VksManifest *manifest);

/** Adds the member `encryption`, if the save is encrypted. */
void vks_manifest_print_seal(JsonObject *object, const VksManifest *manifest);
/** Adds the mac of a printed manifest to it, if the save is encrypted. */
void vks_manifest_append_mac(GString *text, const VksManifest *manifest);

/** Reads the member `encryption`, if there is one. */
void vks_manifest_parse_seal(VksJson *json, VksManifest *manifest);
/**
 * Notes what the mac of a manifest that was read must be of.
 * @param length  of the text up to where manifest.c's own checksum begins
 */
gboolean vks_manifest_note_mac(VksManifest *manifest, const char *text, gsize length,
			       GError **error);
void vks_manifest_seal_clear(VksManifestSeal *seal);
