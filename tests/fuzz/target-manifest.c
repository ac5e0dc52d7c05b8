/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <string.h>

#include "vksession/manifest.h"

#define SEAL_END "\"\n}\n"

static gboolean run(const guint8 *data, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksManifest) manifest = NULL;
	g_autoptr(VksManifest) again = NULL;
	g_autofree char *text = NULL;

	manifest = vks_manifest_parse((const char *)data, length, &error);
	fuzz_assert((manifest == NULL) == (error != NULL));
	if (!manifest)
		return FALSE;
	for (guint i = 0; i < manifest->parts->len; i++) {
		const VksPart *part = manifest->parts->pdata[i];

		fuzz_assert(*part->name && !strchr(part->name, '/') && *part->name != '.');
		fuzz_assert(vks_checksum_is_hex(part->checksum));
	}
	fuzz_assert(vks_checksum_is_hex(manifest->kernel_hash));
	/* What was accepted can be written, and is accepted again. */
	text = vks_manifest_print(manifest);
	again = vks_manifest_parse(text, strlen(text), &error);
	fuzz_assert(again && again->generation == manifest->generation);
	return TRUE;
}

static VksManifest *example(void)
{
	static const VksChecksum sum = {
		.hex = "0123456789abcdef0123456789abcdef",
		.size = 8192,
		.data_bytes = 4096,
	};
	static const char *const features[] = { "aes", "avx2", NULL };
	VksManifest *manifest = vks_manifest_new();

	manifest->session_id = g_strdup("41fc9230-9003-4943-9e2a-0fc9b6ad41cc");
	manifest->session_name = g_strdup("work");
	manifest->run_id = g_strdup("51fc9230-9003-4943-9e2a-0fc9b6ad41cc");
	manifest->generation = 7;
	manifest->parent = 6;
	manifest->utc_us = 1795273078510845;
	manifest->boot_id = g_strdup("61fc9230-9003-4943-9e2a-0fc9b6ad41cc");
	manifest->kernel_hash = g_strdup(sum.hex);
	manifest->kernel_command_line = g_strdup("vkernel mem=512M");
	manifest->memory_bytes = 512 << 20;
	manifest->cpus = 1;
	manifest->cpu_features = g_strdupv((char **)features);
	vks_manifest_add_window(manifest, "Untitled 1 \xe2\x80\x94 \"x\"", "Mousepad", -3, 40, 640,
				480);
	vks_manifest_add_resource(manifest, "file", "/usr/bin/xterm", 700, 1700000000000000005,
				  1234);
	vks_manifest_add_part(manifest, "memory", TRUE, &sum);
	vks_manifest_add_part(manifest, "state", TRUE, &sum);
	return manifest;
}

static void add_text(GPtrArray *list, const VksManifest *manifest)
{
	char *text = vks_manifest_print(manifest);

	g_ptr_array_add(list, g_byte_array_new_take((guint8 *)text, strlen(text)));
}

static void add_encrypted(GPtrArray *list, VksManifest *manifest)
{
	static const guint8 key[VKS_KEY_BYTES] = "a key that is the same each time";
	g_autoptr(VksSealing) sealing = vks_sealing_new(key, NULL);

	vks_manifest_encrypt(manifest, sealing);
	g_strlcpy(manifest->seal.memory, "0123456789abcdef0123456789abcdef",
		  sizeof(manifest->seal.memory));
	add_text(list, manifest);
	vks_manifest_decrypt(manifest);
}

static GPtrArray *seeds(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	g_autoptr(VksManifest) manifest = example();

	add_text(list, manifest);
	add_encrypted(list, manifest);
	g_ptr_array_set_size(manifest->windows, 0);
	g_ptr_array_set_size(manifest->host_resources, 0);
	add_text(list, manifest);
	return list;
}

static void repair(GByteArray *input)
{
	char hex[VKS_CHECKSUM_HEX + 1];
	gsize tail = VKS_CHECKSUM_HEX + strlen(SEAL_END);

	if (input->len <= tail)
		return;
	vks_checksum_buffer(input->data, input->len - tail, hex);
	memcpy(input->data + input->len - tail, hex, VKS_CHECKSUM_HEX);
	memcpy(input->data + input->len - strlen(SEAL_END), SEAL_END, strlen(SEAL_END));
}

const FuzzTarget fuzz_manifest = {
	.name = "manifest",
	.plural = "manifests",
	.run = run,
	.seeds = seeds,
	.repair = repair,
};
