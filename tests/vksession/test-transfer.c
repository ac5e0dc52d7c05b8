/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Export and import over the fake backend: what comes in is what went out, and a stream that was
 * changed anywhere, or cut, leaves nothing behind.
 */
#include "operations.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/archive.h"
#include "vksession/durable.h"
#include "vksession/paths.h"
#include "vksession/store.h"

#define PAGE	   4096u
#define PASSPHRASE "correct horse battery staple"
#define FLIPS	   40u

static int stream_new(void)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static gsize stream_length(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (gsize)st.st_size;
}

static void flip_bit(int fd, gsize bit)
{
	guint8 byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
	byte ^= (guint8)(1u << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
}

/* The stream alone */

/* Two files of some bytes; with `holes`, the second one ends with four pages of nothing. */
static int small_stream(void **state, gboolean holes)
{
	static const char *const names[] = { "first", "second/third" };
	g_autofree char *path = sandbox_path(state, "file");
	g_autoptr(GError) error = NULL;
	int fd = stream_new();
	g_autoptr(VksArchive) archive = vks_archive_new(fd, NULL, &error);

	sandbox_write(state, "file", "some text");
	for (gsize i = 0; archive && i < G_N_ELEMENTS(names); i++) {
		if (!vks_archive_add(archive, names[i], path, &error))
			fail_msg("%s", error->message);
		assert_true(!holes || truncate(path, 5 * PAGE) == 0);
	}
	if (!archive || !vks_archive_finish(archive, &error))
		fail_msg("%s", error->message);
	return fd;
}

static gboolean unpack(void **state, int fd, const char *names, GError **error)
{
	g_autofree char *dir = sandbox_path(state, "unpacked");

	assert_true(vks_tree_remove(dir, NULL));
	assert_true(vks_private_dir_ensure(dir, NULL));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return vks_archive_unpack(fd, dir, names, NULL, error);
}

static void assert_refused(void **state, int fd, const char *names, const char *what, gsize where)
{
	g_autoptr(GError) error = NULL;

	if (unpack(state, fd, names, &error))
		fail_msg("%s %zu: it is taken", what, where);
	if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
		fail_msg("%s %zu: %s", what, where, error->message);
}

static void test_stream(void **state)
{
	autofd fd = small_stream(state, TRUE);
	g_autofree char *second = sandbox_path(state, "unpacked/second/third");
	g_autofree char *first = NULL, *content = NULL;
	g_autoptr(GError) error = NULL;
	struct stat st;
	gsize length;

	if (!unpack(state, fd, "first|second/third", &error))
		fail_msg("%s", error->message);
	first = sandbox_read(state, "unpacked/first");
	assert_string_equal(first, "some text");
	assert_true(g_file_get_contents(second, &content, &length, NULL));
	assert_int_equal(length, 5 * PAGE);
	assert_string_equal(content, "some text");
	for (gsize i = strlen(content); i < length; i++)
		assert_int_equal(content[i], 0);
	assert_int_equal(stat(second, &st), 0);
	assert_true(st.st_blocks * 512 < (blkcnt_t)length);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_each_bit(void **state)
{
	autofd fd = small_stream(state, FALSE);
	gsize length = stream_length(fd);

	for (gsize bit = 0; bit < 8 * length; bit++) {
		flip_bit(fd, bit);
		assert_refused(state, fd, "first|second/third", "bit", bit);
		flip_bit(fd, bit);
	}
}

static void test_each_length(void **state)
{
	autofd fd = small_stream(state, FALSE);
	gsize length = stream_length(fd);

	assert_int_equal(ftruncate(fd, (off_t)length + 1), 0);
	assert_refused(state, fd, "first|second/third", "length", length + 1);
	while (length-- > 0) {
		assert_int_equal(ftruncate(fd, (off_t)length), 0);
		assert_refused(state, fd, "first|second/third", "length", length);
	}
}

static void test_other_names(void **state)
{
	autofd fd = small_stream(state, FALSE);

	assert_refused(state, fd, "first", "names", 1);
	assert_refused(state, fd, "second/third", "names", 2);
	assert_refused(state, fd, "irs|second/third", "names", 3);
}

/* Sessions */

static void put_page(void **state, guint page, char letter)
{
	g_autofree char *path = sandbox_path(state, "guest-memory");
	autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char bytes[PAGE];

	memset(bytes, letter, sizeof(bytes));
	assert_int_equal(ftruncate(fd, FAKE_MEMORY_SIZE), 0);
	assert_int_equal(pwrite(fd, bytes, PAGE, (off_t)page * PAGE), PAGE);
	g_setenv("VKS_FAKE_MEMORY", path, TRUE);
}

/* A session with two saves, the second built on the first. It is stopped. */
static Vks *session_of_two(void **state, const char *encrypt)
{
	static const char *const argv[] = { "xterm", NULL };
	VksRunOptions options = { .name = "s",
				  .argv = argv,
				  .detach = TRUE,
				  .encrypt = encrypt,
				  .memory_bytes = FAKE_MEMORY_SIZE };
	g_autofree char *library = sandbox_path(state, "library");
	g_autofree char *files = g_strdup_printf("%s=1\n", library);
	g_autoptr(GError) error = NULL;
	VksRunResult result;
	Vks *vks = open_fake();

	sandbox_write(state, "library", "what is mapped");
	g_setenv("VKS_FAKE_FILES", files, TRUE);
	for (guint page = 0; page < 200; page++)
		put_page(state, 3 * page, 'o');
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	if (!vks_run(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	save_session(vks, "s", FALSE);
	put_page(state, 7, 'n');
	assert_int_equal(save_session(vks, "s", TRUE), 2);
	return vks;
}

static int export(Vks *vks, guint number, gboolean programs)
{
	g_autoptr(GError) error = NULL;
	int fd = stream_new();

	if (!vks_export(vks, "s", number, programs, fd, NULL, &error))
		fail_msg("%s", error->message);
	return fd;
}

static gboolean import(Vks *vks, const char *name, int fd, guint *number, GError **error)
{
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return vks_import(vks, name, fd, NULL, number, error);
}

static guint must_import(Vks *vks, const char *name, int fd)
{
	g_autoptr(GError) error = NULL;
	guint number = 0;

	if (!import(vks, name, fd, &number, &error))
		fail_msg("%s", error->message);
	return number;
}

/* Another store, as on another machine. */
static Vks *open_other(void **state)
{
	g_autofree char *path = sandbox_path(state, "other");
	g_autofree char *runtime = sandbox_path(state, "other-runtime");
	Vks *vks;

	assert_true(vks_private_dir_ensure(path, NULL));
	assert_true(vks_private_dir_ensure(runtime, NULL));
	g_setenv("XDG_STATE_HOME", path, TRUE);
	g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
	vks = open_fake();
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	return vks;
}

/* Thaws a session, and compares what its guest has with what was in page 7 at the save. */
static void assert_thaws(void **state, Vks *vks, const char *name, char letter)
{
	VksThawOptions options = { .name = name, .detach = TRUE };
	g_autofree char *memory = sandbox_path(state, "guest-memory");
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;
	VksThawResult result;
	gsize length;

	assert_true(vks_tree_remove(memory, NULL));
	if (!vks_thaw(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	assert_true(g_file_get_contents(memory, &content, &length, NULL));
	assert_int_equal(length, FAKE_MEMORY_SIZE);
	assert_int_equal(content[7 * PAGE], letter);
	for (guint page = 0; page < 200; page++)
		assert_int_equal(content[3 * page * PAGE], 'o');
	assert_true(vks_stop(vks, name, 0, NULL));
}

static void move(void **state, const char *encrypt)
{
	g_autoptr(Vks) here = session_of_two(state, encrypt);
	autofd fd = export(here, 0, TRUE);
	autofd first = export(here, 1, TRUE);
	g_autoptr(Vks) there = NULL;
	g_autofree char *kept = NULL;

	/* Here, beside the original, which is not in its way. */
	assert_int_equal(must_import(here, "copy", fd), 2);
	assert_state(here, "copy", VKS_STATE_SAVED);
	assert_thaws(state, here, "copy", 'n');
	assert_true(vks_drop(here, "s", 0, NULL));
	/* There, where nothing of it is: no vkernel, and the library is another file. */
	there = open_other(state);
	sandbox_write(state, "library", "what there is instead");
	assert_int_equal(must_import(there, "moved", fd), 2);
	assert_thaws(state, there, "moved", 'n');
	assert_int_equal(must_import(there, "older", first), 1);
	assert_thaws(state, there, "older", '\0');
	/* It goes on as any other: saves, and is freed of what it is built on. */
	kept = sandbox_path(state, "other/vksession/pins/.by-file");
	assert_true(g_file_test(kept, G_FILE_TEST_IS_DIR));
}

static void test_move(void **state)
{
	move(state, "none");
}

static void test_move_encrypted(void **state)
{
	move(state, "passphrase");
}

static void test_without_programs(void **state)
{
	g_autoptr(Vks) here = session_of_two(state, "none");
	autofd with = export(here, 0, TRUE);
	autofd without = export(here, 0, FALSE);

	assert_true(stream_length(without) < stream_length(with));
	must_import(here, "copy", without);
	assert_thaws(state, here, "copy", 'n');
}

static void assert_import_fails(void **state, Vks *vks, int fd, VksErrorCode code, const char *what,
				gsize where)
{
	g_autoptr(GError) error = NULL;
	guint number = 0;

	if (import(vks, "copy", fd, &number, &error))
		fail_msg("%s %zu: it is taken", what, where);
	assert_vks_error(&error, code);
	assert_file(state, "state/vksession/copy", FALSE);
	assert_no_leftovers(state, "state/vksession", ".import-");
}

static void test_damaged(void **state)
{
	g_autoptr(Vks) vks = session_of_two(state, "none");
	autofd fd = export(vks, 0, TRUE);
	gsize length = stream_length(fd);
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261121);

	for (guint i = 0; i < FLIPS; i++) {
		gsize bit = (gsize)(g_rand_double(rand) * 8 * (double)length);

		flip_bit(fd, bit);
		assert_import_fails(state, vks, fd, VKS_ERROR_DAMAGED, "bit", bit);
		flip_bit(fd, bit);
	}
	must_import(vks, "good", fd);
	for (guint i = 0; i < FLIPS / 5; i++) {
		length = (gsize)(g_rand_double(rand) * (double)length);
		assert_int_equal(ftruncate(fd, (off_t)length), 0);
		assert_import_fails(state, vks, fd, VKS_ERROR_DAMAGED, "length", length);
	}
}

/* Streams with the right checksum, of something else. */
static void test_foreign(void **state)
{
	g_autoptr(Vks) vks = session_of_two(state, "none");
	g_autofree char *manifest = part_path(vks, "s", 1, VKS_MANIFEST);
	static const char *const names[] = { "saves/1/../../x",
					     "../x",
					     "/tmp/x",
					     "saves/1/.x",
					     "saves/01/memory",
					     "x",
					     "saves/1/manifest.json",
					     "saves/1/memory\n" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		autofd fd = stream_new();
		g_autoptr(VksArchive) archive = vks_archive_new(fd, NULL, NULL);

		assert_true(vks_archive_add(archive, names[i], manifest, NULL) &&
			    vks_archive_finish(archive, NULL));
		assert_import_fails(state, vks, fd, VKS_ERROR_DAMAGED, names[i], i);
	}
}

static void test_refused(void **state)
{
	g_autoptr(Vks) vks = session_of_two(state, "none");
	autofd fd = export(vks, 0, FALSE);
	g_autoptr(GError) error = NULL;
	guint number = 0;

	assert_false(import(vks, "s", fd, &number, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_thaws(state, vks, "s", 'n');
	assert_false(vks_export(vks, "s", 9, FALSE, fd, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
	assert_false(vks_export(vks, "nobody", 0, FALSE, fd, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stream, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_each_bit, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_each_length, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_other_names, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_move, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_move_encrypted, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_without_programs, sandbox_setup,
						sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_foreign, sandbox_setup, sandbox_teardown),
		cmocka_unit_test_setup_teardown(test_refused, sandbox_setup, sandbox_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
