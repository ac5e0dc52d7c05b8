/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operations.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vksession/disks.h"
#include "vksession/durable.h"

#define IMAGE_BYTES 4096
#define LAYER	    "state/vksession/s/disks/disk-0"

static const char *const names[] = { "image", NULL };
static const char *const argv[] = { "xterm", NULL };

static char *make_image(void **state)
{
	g_autofree char *text = g_strnfill(IMAGE_BYTES, 'i');

	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char *path = sandbox_path(state, "home/image");

	sandbox_write(state, "home/image", text);
	assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	return path;
}

static gboolean run_with_disk(Vks *vks, void **state, const char *encrypt, GError **error)
{
	g_autofree char *home = sandbox_path(state, "home");
	VksRunOptions options = {
		.name = "s",
		.argv = argv,
		.cwd = home,
		.detach = TRUE,
		.disks = names,
		.encrypt = encrypt,
	};
	VksRunResult result;

	return vks_run(vks, &options, NULL, &result, error);
}

static Vks *open_running(void **state)
{
	g_autofree char *image = make_image(state);
	g_autoptr(GError) error = NULL;
	Vks *vks = open_fake();

	if (!run_with_disk(vks, state, NULL, &error))
		fail_msg("%s", error->message);
	return vks;
}

static gboolean thaw_session(Vks *vks, const char *name, guint number, GError **error)
{
	VksThawOptions options = { .name = name, .number = number, .detach = TRUE };
	VksThawResult result;

	return vks_thaw(vks, &options, NULL, &result, error);
}

static gboolean thaw(Vks *vks, guint number, GError **error)
{
	return thaw_session(vks, "s", number, error);
}

static void assert_text(void **state, const char *relative, const char *expected)
{
	g_autofree char *text = sandbox_read(state, relative);

	assert_string_equal(text, expected);
}

static void assert_layer(void **state, const char *expected)
{
	assert_text(state, LAYER, expected);
}

static void assert_not_found(void **state, const char *name)
{
	const char *const list[] = { name, NULL };
	g_autofree char *home = sandbox_path(state, "home");
	g_autoptr(GError) error = NULL;

	assert_null(vks_disks_find(list, home, &error));
	assert_vks_error(&error, VKS_ERROR_USAGE);
}

static void test_what_is_no_disk(void **state)
{
	g_autofree char *image = make_image(state);
	g_autofree char *home = sandbox_path(state, "home");
	g_auto(GStrv) found = NULL;

	sandbox_write(state, "home/odd", "no whole sector");
	sandbox_write(state, "home/empty", "");
	memcpy(strrchr(image, '/') + 1, "layer", 5);
	assert_true(g_file_set_contents(image, "OOOM", 4, NULL));
	assert_int_equal(truncate(image, IMAGE_BYTES), 0);
	assert_not_found(state, "none");
	assert_not_found(state, ".");
	assert_not_found(state, "odd");
	assert_not_found(state, "empty");
	assert_not_found(state, "layer");
	sandbox_write(state, "home/a,b", "");
	assert_not_found(state, "a,b");
	found = vks_disks_find(names, home, NULL);
	assert_int_equal(g_strv_length(found), 1);
	assert_true(g_path_is_absolute(found[0]));
}

static void test_layer_is_that_of_the_save(void **state)
{
	g_autoptr(Vks) vks = open_running(state);
	g_autofree char *image = sandbox_path(state, "home/image");
	g_autoptr(VksManifest) manifest = NULL;
	g_auto(GStrv) disks = NULL;

	sandbox_write(state, LAYER, "one");
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	assert_file(state, "run/vksession/s/held", FALSE);
	sandbox_write(state, LAYER, "two, and longer");
	assert_int_equal(save_session(vks, "s", TRUE), 2);
	assert_file(state, LAYER, FALSE);
	assert_true(thaw(vks, 1, NULL));
	assert_layer(state, "one");
	sandbox_write(state, LAYER, "three");
	assert_true(vks_stop(vks, "s", 0, NULL));
	assert_true(thaw(vks, 2, NULL));
	assert_layer(state, "two, and longer");
	manifest = load_save(vks, "s", 1);
	disks = vks_disks_of_save(manifest);
	assert_int_equal(g_strv_length(disks), 1);
	assert_string_equal(disks[0], image);
}

static void assert_thaw_refused(Vks *vks, void **state, int code)
{
	g_autoptr(GError) error = NULL;

	assert_false(thaw(vks, 1, &error));
	assert_vks_error(&error, code);
	assert_state(vks, "s", VKS_STATE_SAVED);
	assert_file(state, "run/vksession/s/running", FALSE);
	assert_file(state, LAYER, FALSE);
}

static void write_in_place(const char *path)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_true(fputs("other content", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_other_images_are_refused(void **state)
{
	g_autoptr(Vks) vks = open_running(state);
	g_autofree char *image = sandbox_path(state, "home/image");
	g_autofree char *aside = sandbox_path(state, "home/aside");

	assert_int_equal(save_session(vks, "s", TRUE), 1);
	assert_int_equal(rename(image, aside), 0);
	assert_thaw_refused(vks, state, VKS_ERROR_DISK);
	assert_true(vks_file_copy(aside, image, NULL));
	assert_thaw_refused(vks, state, VKS_ERROR_DISK);
	assert_int_equal(rename(aside, image), 0);
	assert_true(thaw(vks, 1, NULL));
	assert_int_equal(save_session(vks, "s", TRUE), 2);
	write_in_place(image);
	assert_thaw_refused(vks, state, VKS_ERROR_DISK);
}

static void test_damaged_layer_is_noticed(void **state)
{
	g_autoptr(Vks) vks = open_running(state);
	g_autofree char *part = NULL;

	sandbox_write(state, LAYER, "a layer");
	assert_int_equal(save_session(vks, "s", TRUE), 1);
	part = part_path(vks, "s", 1, "disk-0");
	sandbox_flip_bit(part, 3);
	assert_thaw_refused(vks, state, VKS_ERROR_DAMAGED);
}

/* It goes on, and nothing of the save is left. */
static void test_failed_copy(void **state)
{
	g_autoptr(Vks) vks = open_running(state);
	g_autofree char *layer = sandbox_path(state, LAYER);
	VksSaveOptions options = { .name = "s" };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	assert_int_equal(unlink(layer), 0);
	assert_false(vks_save(vks, &options, NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
	assert_state(vks, "s", VKS_STATE_RUNNING);
	assert_file(state, "run/vksession/s/held", FALSE);
	assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
}

/* Its layer comes along, and the image, which is another's, does not: it has to be there. */
static void test_moves(void **state)
{
	g_autoptr(Vks) vks = open_running(state);
	g_autofree char *image = sandbox_path(state, "home/image");
	g_autoptr(GError) error = NULL;

	sandbox_write(state, LAYER, "one");
	assert_int_equal(save_session(vks, "s", FALSE), 1);
	sandbox_write(state, LAYER, "two");
	assert_int_equal(save_session(vks, "s", TRUE), 2);
	move_session(vks, "s", "moved");
	assert_true(vks_drop(vks, "s", 0, NULL));
	assert_true(thaw_session(vks, "moved", 0, NULL));
	assert_text(state, "state/vksession/moved/disks/disk-0", "two");
	sandbox_write(state, "state/vksession/moved/disks/disk-0", "three");
	assert_int_equal(save_session(vks, "moved", TRUE), 3);
	assert_true(thaw_session(vks, "moved", 2, NULL));
	assert_text(state, "state/vksession/moved/disks/disk-0", "two");
	assert_true(vks_stop(vks, "moved", 0, NULL));
	assert_int_equal(unlink(image), 0);
	assert_false(thaw_session(vks, "moved", 0, &error));
	assert_vks_error(&error, VKS_ERROR_DISK);
}

static void test_not_encrypted(void **state)
{
	g_autofree char *image = make_image(state);
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GError) error = NULL;

	vks_set_ask(vks, answer_passphrase, (gpointer) "correct horse");
	assert_false(run_with_disk(vks, state, "passphrase", &error));
	assert_vks_error(&error, VKS_ERROR_USAGE);
	assert_file(state, "state/vksession/s", FALSE);
	assert_true(run_with_disk(vks, state, NULL, NULL));
	save_session(vks, "s", TRUE);
	assert_false(vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_what_is_no_disk),
		IN_SANDBOX(test_layer_is_that_of_the_save),
		IN_SANDBOX(test_other_images_are_refused),
		IN_SANDBOX(test_damaged_layer_is_noticed),
		IN_SANDBOX(test_failed_copy),
		IN_SANDBOX(test_moves),
		IN_SANDBOX(test_not_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
