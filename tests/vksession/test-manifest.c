/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <string.h>

#include "vksession/manifest.h"

#include <gio/gio.h>

static VksManifest *make_manifest(void)
{
	static const char *const features[] = { "avx", "sse2", NULL };
	VksManifest *manifest = vks_manifest_new();
	VksChecksum sum = { .size = 1 << 30, .data_bytes = 8192 };

	memset(sum.hex, 'a', VKS_CHECKSUM_HEX);
	manifest->session_id = g_strdup("0e0a2b3c-0000-4000-8000-000000000000");
	manifest->session_name = g_strdup("default");
	manifest->run_id = g_strdup("1e0a2b3c-0000-4000-8000-000000000000");
	manifest->generation = 7;
	manifest->parent = 6;
	manifest->stopped = TRUE;
	manifest->utc_us = G_GINT64_CONSTANT(1795254070123456);
	manifest->boottime_us = 987654321;
	manifest->boot_id = g_strdup("2e0a2b3c");
	manifest->kernel_hash = g_strdup("0123456789abcdef0123456789abcdef");
	manifest->kernel_command_line = g_strdup("vkernel mem=1G \"quoted\" \\ back");
	manifest->memory_bytes = 1 << 30;
	manifest->cpus = 1;
	manifest->network = TRUE;
	manifest->cpu_features = g_strdupv((char **)features);
	manifest->private_dirs = g_strsplit("/home/u/.a,/home/u/ü", ",", -1);
	manifest->figures.dump_us = 105000;
	vks_manifest_add_window(manifest, "Büro; \"x\"\n", "XTerm", -5, 10, 640, 480);
	vks_manifest_add_resource(manifest, "file", "/usr/lib/libc.so.6", 1024, 5, 42);
	vks_manifest_add_part(manifest, "memory", TRUE, &sum);
	vks_manifest_add_part(manifest, "state", TRUE, &sum);
	vks_manifest_add_part(manifest, "extra", FALSE, &sum);
	return manifest;
}

static void test_round_trip(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	g_autoptr(VksManifest) parsed = vks_manifest_parse(text, strlen(text), NULL);
	g_autofree char *again = NULL;
	const VksWindow *window;

	assert_non_null(parsed);
	again = vks_manifest_print(parsed);
	assert_string_equal(again, text);
	assert_int_equal(parsed->generation, 7);
	assert_int_equal(parsed->utc_us, manifest->utc_us);
	assert_string_equal(parsed->kernel_command_line, manifest->kernel_command_line);
	window = parsed->windows->pdata[0];
	assert_string_equal(window->title, "Büro; \"x\"\n");
	assert_int_equal(window->x, -5);
	assert_int_equal(g_strv_length(parsed->private_dirs), 2);
	assert_non_null(vks_manifest_part(parsed, "memory"));
	assert_null(vks_manifest_part(parsed, "disk"));
	assert_false(vks_manifest_part(parsed, "extra")->required);
}

/* What is not UTF-8 (a path, a title) must not make a manifest that can't be read. */
static void test_odd_text(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autoptr(VksManifest) parsed = NULL;
	g_autofree char *text = NULL;

	vks_manifest_add_window(manifest, "\xff\xfe\x01", NULL, 0, 0, 1, 1);
	vks_manifest_add_resource(manifest, "file", "/home/\xc3", 1, 1, 1);
	text = vks_manifest_print(manifest);
	parsed = vks_manifest_parse(text, strlen(text), NULL);
	assert_non_null(parsed);
}

static void assert_refused(const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VksManifest) manifest = vks_manifest_parse(text, length, &error);

	assert_null(manifest);
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

static void test_truncated(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	gsize length = strlen(text);

	for (gsize cut = 0; cut < length; cut++) {
		/* A copy of its own, so that reading beyond the end is seen. */
		g_autofree char *part = g_memdup2(text, MAX(cut, 1));

		assert_refused(part, cut);
	}
}

static void test_every_flip(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	gsize length = strlen(text);

	for (gsize bit = 0; bit < length * 8; bit++) {
		text[bit / 8] ^= (char)(1 << (bit % 8));
		assert_refused(text, length);
		text[bit / 8] ^= (char)(1 << (bit % 8));
	}
}

static void test_extended(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	g_autofree char *longer = g_strconcat(text, "\n", NULL);

	assert_refused(longer, strlen(longer));
}

/* Text whose seal is right, but which nobody of ours wrote. */
static char *seal(const char *body)
{
	g_autofree char *start = g_strconcat(body, ",\n  \"manifest_checksum\" : \"", NULL);
	char hex[VKS_CHECKSUM_HEX + 1];

	vks_checksum_buffer(start, strlen(start), hex);
	return g_strconcat(start, hex, "\"\n}\n", NULL);
}

static char *replace(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, 2);

	assert_int_equal(g_strv_length(parts), 2);
	return g_strjoinv(to, parts);
}

/* A body with one thing replaced, sealed anew. */
static char *forge(const char *from, const char *to)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	g_autofree char *changed = replace(text, from, to);

	*strstr(changed, ",\n  \"manifest_checksum\"") = '\0';
	return seal(changed);
}

static void test_forged(void **state)
{
	static const char *const changes[][2] = {
		{ "\"generation\" : 7", "\"generation\" : 0" },
		{ "\"generation\" : 7", "\"generation\" : -7" },
		{ "\"generation\" : 7", "\"generation\" : 99999999999" },
		{ "\"generation\" : 7", "\"generation\" : \"7\"" },
		{ "\"generation\" : 7", "\"generation\" : 7.5" },
		{ "\"generation\" : 7", "\"generation\" : null" },
		{ "\"generation\" : 7", "\"degeneration\" : 7" },
		{ "\"name\" : \"memory\"", "\"name\" : \"../memory\"" },
		{ "\"name\" : \"memory\"", "\"name\" : \"\"" },
		{ "\"name\" : \"memory\"", "\"name\" : \"manifest.json\"" },
		{ "\"xxh3_128\" : \"aaaa", "\"xxh3_128\" : \"AAAA" },
		{ "\"kernel_xxh3_128\" : \"0123", "\"kernel_xxh3_128\" : \"/../" },
		{ "\"required\" : true", "\"required\" : 1" },
		{ "\"cpu_features\" : [", "\"cpu_features\" : [ 5," },
		{ "\"parts\" : [", "\"parts\" : [ [], " },
		{ "\"windows\" : [", "\"windows\" : {}, \"more\" : [" },
		{ "\"format\" : \"vksession-save\"", "\"format\" : \"other\"" },
		{ "\"format\"", "/* [ \" */ \"format\"" },
		{ "\"format\"", "\"deep\" : [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]], \"format\"" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autofree char *text = forge(changes[i][0], changes[i][1]);

		assert_refused(text, strlen(text));
	}
}

static void test_unknown_member(void **state)
{
	g_autofree char *text = forge("\"format\"", "\"later\" : { \"x\" : [1] }, \"format\"");
	g_autoptr(VksManifest) manifest = vks_manifest_parse(text, strlen(text), NULL);

	assert_non_null(manifest);
}

static void test_later_version(void **state)
{
	g_autofree char *text = forge("\"version\" : 1", "\"version\" : 2");
	g_autoptr(GError) error = NULL;

	assert_null(vks_manifest_parse(text, strlen(text), &error));
	assert_non_null(strstr(error->message, "later vksession"));
}

/* Random damage with a right seal: anything but a crash will do. */
static void test_random_damage(void **state)
{
	g_autoptr(VksManifest) manifest = make_manifest();
	g_autofree char *text = vks_manifest_print(manifest);
	g_autoptr(GRand) random = g_rand_new_with_seed(20);

	*strstr(text, ",\n  \"manifest_checksum\"") = '\0';
	for (int i = 0; i < 3000; i++) {
		g_autofree char *damaged = g_strdup(text);
		g_autofree char *sealed = NULL;
		int changes = g_rand_int_range(random, 1, 6);

		while (changes--)
			damaged[g_rand_int_range(random, 0, (gint32)strlen(text))] =
				(char)g_rand_int_range(random, 1, 256);
		sealed = seal(damaged);
		vks_manifest_free(vks_manifest_parse(sealed, strlen(sealed), NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_odd_text),
		cmocka_unit_test(test_truncated),      cmocka_unit_test(test_every_flip),
		cmocka_unit_test(test_extended),       cmocka_unit_test(test_forged),
		cmocka_unit_test(test_unknown_member), cmocka_unit_test(test_later_version),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
