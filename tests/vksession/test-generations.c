/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saves that are built on each other: whatever is saved, dropped and pruned in whatever order, each
 * save that is there gives back exactly the memory that it was made of.
 */
#include "operations.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/layers.h"
#include "vksession/paths.h"
#include "vksession/store.h"

#define PAGE	  4096u
#define PAGES	  (FAKE_MEMORY_SIZE / PAGE)
#define USED	  512u /* pages that the guest has something in, at first */
#define MAX_SAVES 400u

/* How the sessions of the tests that run now are encrypted; NULL: not. */
static const char *encrypt;

/** A session with a guest whose memory the test writes, and what it was at each save. */
typedef struct {
	Vks *vks;
	char *saves, *memory;
	GRand *rand;
	guint32 pages[PAGES];	      /* what is in each page now: a number, 0 for zeros */
	guint32 *kept[MAX_SAVES + 1]; /* by save: a copy of `pages`; NULL: no such save */
} Guest;

static void put_page(Guest *guest, guint page, guint32 value)
{
	autofd fd = open(guest->memory, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	guint32 words[PAGE / 4] = { 0 };

	for (guint i = 0; value && i < PAGE / 4; i++)
		words[i] = value * 2654435761u + i;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, FAKE_MEMORY_SIZE), 0);
	assert_int_equal(pwrite(fd, words, PAGE, (off_t)page * PAGE), PAGE);
	guest->pages[page] = value;
}

static void touch_pages(Guest *guest, guint count)
{
	for (guint i = 0; i < count; i++) {
		guint page = (guint)g_rand_int_range(guest->rand, 0, (gint32)(2 * USED));

		/* Far apart as well, and some become zero. */
		if (g_rand_int_range(guest->rand, 0, 4) == 0)
			page = PAGES - 1 - page;
		put_page(guest, page,
			 g_rand_int_range(guest->rand, 0, 4) ? g_rand_int(guest->rand) | 1 : 0);
	}
}

static Guest *guest_new(void **state)
{
	Guest *guest = g_new0(Guest, 1);
	VksRunOptions options = { .name = "s", .detach = TRUE, .memory_bytes = FAKE_MEMORY_SIZE };
	static const char *const argv[] = { "xterm", NULL };
	VksRunResult result;

	options.argv = argv;
	options.encrypt = encrypt;
	guest->rand = g_rand_new_with_seed(20261121);
	guest->vks = open_fake();
	vks_set_ask(guest->vks, answer_passphrase, (gpointer) "correct horse");
	guest->saves = sandbox_path(state, "state/vksession/s/saves");
	guest->memory = sandbox_path(state, "guest-memory");
	g_setenv("VKS_FAKE_MEMORY", guest->memory, TRUE);
	for (guint i = 0; i < USED; i++)
		put_page(guest, 2 * i, i + 1);
	assert_true(vks_run(guest->vks, &options, NULL, &result, NULL));
	return guest;
}

static void guest_free(Guest *guest)
{
	for (guint i = 0; i <= MAX_SAVES; i++)
		g_free(guest->kept[i]);
	g_rand_free(guest->rand);
	vks_close(guest->vks);
	g_free(guest->saves);
	g_free(guest->memory);
	g_free(guest);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guest, guest_free)

static VksSaveResult save_guest(Guest *guest)
{
	VksSaveOptions options = { .name = "s" };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	if (!vks_save(guest->vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	assert_true(result.number <= MAX_SAVES);
	guest->kept[result.number] = g_memdup2(guest->pages, sizeof(guest->pages));
	return result;
}

static void set_policy(Guest *guest, const char *setting)
{
	const char *const settings[] = { setting, NULL };
	g_autoptr(GError) error = NULL;

	if (!vks_set_policy(guest->vks, "s", settings, &error))
		fail_msg("%s", error->message);
}

static void check_pages(const guint8 *memory, const guint32 *pages, guint number)
{
	static const guint32 zeros[PAGE / 4];
	guint32 words[PAGE / 4];

	for (guint page = 0; page < PAGES; page++) {
		for (guint i = 0; pages[page] && i < PAGE / 4; i++)
			words[i] = pages[page] * 2654435761u + i;
		if (memcmp(memory + (gsize)page * PAGE, pages[page] ? words : zeros, PAGE) != 0)
			fail_msg("save %u: page %u is not what was saved", number, page);
	}
}

/* The save as a thaw gets it. */
static void check_save(const Guest *guest, guint number)
{
	g_autoptr(VksManifest) manifest = load_save(guest->vks, "s", number);
	g_autofree char *dir = g_dir_make_tmp("vks-composed-XXXXXX", NULL);
	g_autofree char *memory = g_build_filename(dir, "memory", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GMappedFile) file = NULL;

	assert_non_null(manifest);
	if (!vks_store_verify(guest->saves, manifest, NULL, NULL, NULL, &error) ||
	    !vks_store_compose(guest->saves, manifest, dir, NULL, NULL, NULL, &error))
		fail_msg("save %u: %s", number, error->message);
	file = g_mapped_file_new(memory, FALSE, NULL);
	assert_int_equal(g_mapped_file_get_length(file), FAKE_MEMORY_SIZE);
	check_pages((const guint8 *)g_mapped_file_get_contents(file), guest->kept[number], number);
	vks_tree_remove(dir, NULL);
}

static void check_all(const Guest *guest)
{
	g_autoptr(GArray) numbers = vks_store_numbers(guest->saves, NULL);

	assert_true(numbers->len > 0);
	for (guint i = 0; i < numbers->len; i++)
		check_save(guest, g_array_index(numbers, guint, i));
}

static guint parent_in_store(const Guest *guest, guint number)
{
	g_autoptr(VksManifest) manifest = vks_store_load(guest->saves, number, NULL);

	assert_non_null(manifest);
	return manifest->delta.parent;
}

static guint64 usage(const Guest *guest, guint number)
{
	g_autofree char *path = vks_store_layer_path(guest->saves, number);

	return vks_tree_usage(path);
}

static void test_idle(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	VksSaveResult whole = save_guest(guest);
	VksSaveResult idle = save_guest(guest);
	VksSaveResult changed;

	assert_int_equal(whole.base, 0);
	assert_true(whole.written_bytes >= USED * PAGE);
	assert_int_equal(idle.base, 1);
	assert_true(idle.written_bytes < 16 * PAGE);
	assert_true(usage(guest, 2) < 32 * PAGE);
	put_page(guest, 3, 77);
	put_page(guest, 4, 0);
	changed = save_guest(guest);
	assert_int_equal(changed.base, 2);
	assert_true(changed.written_bytes < 16 * PAGE);
	check_all(guest);
}

static void test_most_changed(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);

	save_guest(guest);
	for (guint i = 0; i < USED; i++)
		put_page(guest, 2 * i, i + 1000);
	assert_int_equal(save_guest(guest).base, 0);
	set_policy(guest, "incremental=no");
	assert_int_equal(save_guest(guest).base, 0);
	check_all(guest);
}

static void test_chain_is_bounded(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);

	set_policy(guest, "keep=100");
	set_policy(guest, "chain=3");
	for (guint i = 0; i < 10; i++) {
		g_autoptr(VksManifest) manifest = NULL;

		touch_pages(guest, 2);
		save_guest(guest);
		manifest = vks_store_load(guest->saves, i + 1, NULL);
		assert_int_equal(manifest->delta.depth, i % 4);
	}
	check_all(guest);
}

/* The oldest of a chain goes: the next one takes its file over, and writes only its own pages. */
static void test_fold(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	struct stat before, after;
	g_autofree char *first = part_path(guest->vks, "s", 1, "memory");
	g_autofree char *second = part_path(guest->vks, "s", 2, "memory");

	save_guest(guest);
	touch_pages(guest, 10);
	save_guest(guest);
	touch_pages(guest, 10);
	save_guest(guest);
	assert_int_equal(stat(first, &before), 0);
	assert_true(vks_drop(guest->vks, "s", 1, NULL));
	assert_int_equal(stat(second, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(parent_in_store(guest, 2), 0);
	assert_int_equal(parent_in_store(guest, 3), 2);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
}

static void test_absorb(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);

	for (guint i = 0; i < 4; i++) {
		touch_pages(guest, 10);
		save_guest(guest);
	}
	assert_true(vks_drop(guest->vks, "s", 2, NULL));
	assert_int_equal(parent_in_store(guest, 3), 1);
	assert_int_equal(parent_in_store(guest, 4), 3);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
}

static void thaw_guest(Guest *guest, guint number)
{
	VksThawOptions options = { .name = "s", .number = number, .detach = TRUE };
	g_autoptr(GError) error = NULL;
	VksThawResult result;

	vks_stop(guest->vks, "s", 0, NULL);
	if (!vks_thaw(guest->vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	if (number)
		memcpy(guest->pages, guest->kept[number], sizeof(guest->pages));
}

/* Two saves are built on one that goes. */
static void test_branches(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);

	save_guest(guest);
	touch_pages(guest, 5);
	save_guest(guest);
	thaw_guest(guest, 1);
	touch_pages(guest, 5);
	assert_int_equal(save_guest(guest).base, 1);
	assert_int_equal(parent_in_store(guest, 2), 1);
	assert_true(vks_drop(guest->vks, "s", 1, NULL));
	assert_int_equal(parent_in_store(guest, 2), 0);
	assert_int_equal(parent_in_store(guest, 3), 0);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
}

/* A base that was dropped while it can't be dissolved stays, and no save is the worse for it. */
static void test_damaged_base(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	g_autofree char *first = part_path(guest->vks, "s", 1, "memory");
	g_autofree char *base = sandbox_path(state, "state/vksession/s/saves/.base-1/memory");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = NULL;
	VksPruneResult result;

	save_guest(guest);
	touch_pages(guest, 3);
	save_guest(guest);
	sandbox_flip_bit(first, 8 * (100 * PAGE + 77));
	assert_true(vks_drop(guest->vks, "s", 1, NULL));
	assert_int_equal(access(base, F_OK), 0);
	list = vks_verify(guest->vks, "s", 2, NULL, NULL);
	assert_non_null(((VksSaveInfo *)list->pdata[0])->problem);
	assert_false(vks_prune(guest->vks, "s", NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_DAMAGED);
	/* Repaired, say from a backup: all is well again. */
	sandbox_flip_bit(base, 8 * (100 * PAGE + 77));
	assert_true(vks_prune(guest->vks, "s", NULL, &result, NULL));
	assert_int_equal(result.consolidated, 1);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
}

static char *checksum_of(const char *path)
{
	VksChecksum sum;

	assert_true(vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL));
	return g_strdup(sum.hex);
}

/* A guest that does not say that it has all of its memory may still read it from the save. */
static void test_save_is_still_read(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	g_autofree char *base = sandbox_path(state, "state/vksession/s/saves/.base-1/memory");
	g_autofree char *before = NULL, *after = NULL;
	g_autoptr(GError) error = NULL;
	VksPruneResult result;

	save_guest(guest);
	touch_pages(guest, 3);
	save_guest(guest);
	thaw_guest(guest, 1);
	fake_fail("go", G_IO_ERROR_TIMED_OUT);
	assert_false(vks_shred(guest->vks, "s", 2, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	assert_true(vks_drop(guest->vks, "s", 1, NULL));
	before = checksum_of(base);
	assert_true(vks_prune(guest->vks, "s", NULL, &result, NULL));
	assert_int_equal(result.consolidated, 0);
	after = checksum_of(base);
	assert_string_equal(before, after);
	check_all(guest);
	fake_fail(NULL, 0);
	assert_true(vks_prune(guest->vks, "s", NULL, &result, NULL));
	assert_int_equal(result.consolidated, 1);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
}

/* Another save, put in the place of the one that was built on, is noticed. */
static void test_foreign_base(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	g_autoptr(VksManifest) manifest = NULL;
	g_autofree char *text = NULL, *file = vks_store_path(guest->saves, 2, "manifest.json");
	g_autofree char *from = part_path(guest->vks, "s", 1, "memory");
	g_autofree char *to = part_path(guest->vks, "s", 2, "memory");
	g_autoptr(GPtrArray) list = NULL;
	const VksSaveInfo *info;

	save_guest(guest);
	set_policy(guest, "incremental=no");
	touch_pages(guest, 9);
	save_guest(guest);
	set_policy(guest, "incremental=yes");
	touch_pages(guest, 9);
	assert_int_equal(save_guest(guest).base, 2);
	manifest = vks_store_load(guest->saves, 1, NULL);
	manifest->generation = 2;
	text = vks_manifest_print(manifest);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	assert_int_equal(rename(from, to), 0);
	list = vks_verify(guest->vks, "s", 3, NULL, NULL);
	info = list->pdata[0];
	assert_non_null(info->problem);
	assert_non_null(strstr(info->problem, "not the one that was built on"));
}

static void test_policy_prunes(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	g_autoptr(GArray) numbers = NULL;
	VksPruneResult result;

	set_policy(guest, "keep=3");
	set_policy(guest, "hourly=0");
	set_policy(guest, "daily=0");
	set_policy(guest, "weekly=0");
	for (guint i = 0; i < 12; i++) {
		touch_pages(guest, 4);
		save_guest(guest);
		if (i % 3 == 2)
			assert_true(vks_prune(guest->vks, "s", NULL, &result, NULL));
	}
	numbers = vks_store_numbers(guest->saves, NULL);
	assert_int_equal(numbers->len, 3);
	assert_int_equal(g_array_index(numbers, guint, 0), 10);
	assert_no_leftovers(state, "state/vksession/s/saves", ".");
	check_all(guest);
	/* All that the session takes is one memory and a little. */
	assert_true(vks_tree_usage(guest->saves) < (USED + 12 * 4 + 300) * PAGE);
}

/* A policy that can't be read removes nothing, and keeps nobody from saving. */
static void test_bad_policy(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) numbers = NULL;
	VksPruneResult result;

	sandbox_write(state, "config/vksession/vksession.conf", "[saves]\nkeep=1 or so\n");
	for (guint i = 0; i < 20; i++)
		save_guest(guest);
	numbers = vks_store_numbers(guest->saves, NULL);
	assert_int_equal(numbers->len, 20);
	assert_false(vks_prune(guest->vks, "s", NULL, &result, &error));
	assert_vks_error(&error, VKS_ERROR_DAMAGED);
}

static void damage_at(const char *stage, guint64 done, guint64 total, gpointer user_data)
{
	g_autoptr(GDir) dir = g_dir_open(user_data, 0, NULL);
	const char *name;

	while (strcmp(stage, "reading back") == 0 && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(user_data, name, "memory", NULL);

		if (g_str_has_prefix(name, ".new-"))
			sandbox_flip_bit(path, 8 * (100 * PAGE + 77));
	}
}

/* What the disk does not give back as it was written is no save. */
static void test_read_back(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	VksControl control = { damage_at, guest->saves, NULL };
	VksSaveOptions options = { .name = "s" };
	g_autoptr(GError) error = NULL;
	VksSaveResult result;

	set_policy(guest, "verify=yes");
	save_guest(guest);
	assert_false(vks_save(guest->vks, &options, &control, &result, &error));
	assert_vks_error(&error, VKS_ERROR_FAILED);
	assert_no_leftovers(state, "state/vksession/s/saves", ".new-");
	assert_int_equal(save_guest(guest).number, 2);
	check_all(guest);
}

/* The save that was made for the way back does not push out the one that is gone to. */
static void test_rollback_to_the_oldest(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);
	VksRollbackOptions options = { .name = "s", .number = 1 };
	g_autoptr(GError) error = NULL;
	VksRollbackResult result;
	VksPruneResult pruned;

	set_policy(guest, "keep=2");
	set_policy(guest, "hourly=0");
	set_policy(guest, "daily=0");
	set_policy(guest, "weekly=0");
	save_guest(guest);
	touch_pages(guest, 9);
	save_guest(guest);
	touch_pages(guest, 9);
	guest->kept[3] = g_memdup2(guest->pages, sizeof(guest->pages));
	if (!vks_rollback(guest->vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	assert_int_equal(result.number, 1);
	assert_int_equal(result.undo, 3);
	assert_state(guest->vks, "s", VKS_STATE_RUNNING);
	/* It stays as long as the session has no save since. */
	assert_true(vks_prune(guest->vks, "s", NULL, &pruned, NULL));
	check_all(guest);
	check_save(guest, 1);
	/* After a crash, that is what comes back; and from there, the way back. */
	assert_file(state, "state/vksession/s/saves/3", TRUE);
	assert_true(vks_stop(guest->vks, "s", 0, NULL));
	memcpy(guest->pages, guest->kept[1], sizeof(guest->pages));
	thaw_guest(guest, 0);
	options.number = 3;
	assert_true(vks_rollback(guest->vks, &options, NULL, &result, NULL));
	assert_int_equal(result.number, 3);
	assert_int_equal(result.undo, 4);
}

/* Random steps, the same ones each time. */
static void test_random(void **state)
{
	g_autoptr(Guest) guest = guest_new(state);

	set_policy(guest, "keep=8");
	set_policy(guest, "hourly=0");
	set_policy(guest, "chain=4");
	save_guest(guest);
	for (guint step = 0; step < 120; step++) {
		g_autoptr(GArray) numbers = vks_store_numbers(guest->saves, NULL);
		guint some = g_array_index(numbers, guint,
					   g_rand_int_range(guest->rand, 0, (gint32)numbers->len));
		gint what = g_rand_int_range(guest->rand, 0, 10);
		VksPruneResult result;

		if (what < 6) {
			touch_pages(guest, (guint)g_rand_int_range(guest->rand, 0, 30));
			save_guest(guest);
		} else if (what < 7 && numbers->len > 1) {
			assert_true(vks_drop(guest->vks, "s", some, NULL));
		} else if (what < 8) {
			thaw_guest(guest, some);
		} else {
			assert_true(vks_prune(guest->vks, "s", NULL, &result, NULL));
		}
		if (step % 15 == 14)
			check_all(guest);
	}
}

static int setup_encrypted(void **state)
{
	encrypt = "passphrase";
	return sandbox_setup(state);
}

static int teardown_encrypted(void **state)
{
	encrypt = NULL;
	return sandbox_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
/* The same with an encrypted session. */
#define SEALED(test)                                                                               \
	{                                                                                          \
		.name = #test "_encrypted", .test_func = test, .setup_func = setup_encrypted,      \
		.teardown_func = teardown_encrypted,                                               \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle),
		TEST(test_most_changed),
		TEST(test_chain_is_bounded),
		TEST(test_fold),
		TEST(test_absorb),
		TEST(test_branches),
		TEST(test_damaged_base),
		TEST(test_save_is_still_read),
		TEST(test_foreign_base),
		TEST(test_policy_prunes),
		TEST(test_bad_policy),
		TEST(test_rollback_to_the_oldest),
		TEST(test_read_back),
		TEST(test_random),
		SEALED(test_idle),
		SEALED(test_most_changed),
		SEALED(test_chain_is_bounded),
		SEALED(test_fold),
		SEALED(test_absorb),
		SEALED(test_branches),
		SEALED(test_damaged_base),
		SEALED(test_policy_prunes),
		SEALED(test_rollback_to_the_oldest),
		SEALED(test_read_back),
		SEALED(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
