/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include "image-builder.h"
#include "vksession/resources.h"

static void test_files(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	const VksHostResource *first;

	vks_resources_note(image, manifest);
	assert_int_equal(manifest->host_resources->len, 4);
	first = manifest->host_resources->pdata[0];
	assert_string_equal(first->kind, "file");
	assert_string_equal(first->path, "/usr/bin/xterm");
	assert_int_equal(first->size, 700);
	assert_int_equal(first->inode, 1234);
	assert_int_equal(first->mtime_ns, G_GINT64_CONSTANT(1700000000000000005));
}

/* Times beyond those that a manifest can have are the nearest that it can. */
static void test_far_times(void **state)
{
	g_autoptr(GByteArray) bytes = image_example(2);
	g_autoptr(VksImage) image = vks_image_parse(bytes->data, bytes->len, NULL);
	g_autoptr(VksManifest) manifest = vks_manifest_new();
	VksImageFile *file = image->files->pdata[0];
	const VksHostResource *first;

	file->mtime_sec = G_MAXINT64;
	file->size = G_MAXUINT64;
	vks_resources_note(image, manifest);
	first = manifest->host_resources->pdata[0];
	assert_true(first->mtime_ns > 0);
	assert_int_equal(first->size, G_MAXINT64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_far_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
