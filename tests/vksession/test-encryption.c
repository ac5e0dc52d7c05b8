/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encrypted sessions over the fake backend: nothing of the guest is on the disk, nothing that was
 * changed there is thawed, and nothing is lost by a key that is wrong or missing.
 */
#include "operations.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/encryption.h"
#include "vksession/paths.h"
#include "vksession/store.h"

#define PASSPHRASE "correct horse battery staple"
#define KNOWN	   "what nobody else must read, at all"
#define DOCUMENT   "secret-document"
#define PAGE	   4096u
#define USED	   300u /* pages; some are KNOWN, over and over */

static void write_memory(void **state, guint changed)
{
	g_autofree char *path = sandbox_path(state, "guest-memory");
	autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char page[PAGE];

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, FAKE_MEMORY_SIZE), 0);
	for (guint i = 0; i < USED; i++) {
		for (gsize at = 0; at < PAGE; at++)
			page[at] = (KNOWN)[at % sizeof(KNOWN)];
		page[0] = (char)i;
		page[1] = i < changed ? 'c' : 'o';
		assert_int_equal(pwrite(fd, page, PAGE, 3 * i * PAGE), PAGE);
	}
	g_setenv("VKS_FAKE_MEMORY", path, TRUE);
}

static Vks *run_encrypted(void **state, const char *encrypt)
{
	static const char *const argv[] = { "xterm", "-title", DOCUMENT, NULL };
	VksRunOptions options = { .name = "s",
				  .argv = argv,
				  .display = ":9",
				  .encrypt = encrypt,
				  .cwd = "/home/" DOCUMENT,
				  .memory_bytes = FAKE_MEMORY_SIZE };
	g_autofree char *document = sandbox_path(state, DOCUMENT);
	g_autofree char *files = g_strdup_printf("%s=0\n", document);
	g_autoptr(GError) error = NULL;
	VksRunResult result;
	Vks *vks = open_fake();

	sandbox_write(state, DOCUMENT, "text");
	g_setenv("VKS_FAKE_FILES", files, TRUE);
	write_memory(state, 0);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	if (!vks_run(vks, &options, NULL, &result, &error))
		fail_msg("%s", error->message);
	/* From now on nobody is asked any more. */
	vks_set_ask(vks, NULL, NULL);
	return vks;
}

/* Whether a text is in a file, or in the name of one, of a tree. */
static gboolean tree_has(const char *path, const char *text)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autofree char *content = NULL;
	const char *name;
	gsize length = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inside = g_build_filename(path, name, NULL);

		if (strstr(name, text) || tree_has(inside, text))
			return TRUE;
	}
	if (dir || !g_file_get_contents(path, &content, &length, NULL))
		return FALSE;
	return memmem(content, length, text, strlen(text)) != NULL;
}

static void assert_store_has(void **state, const char *text, gboolean has)
{
	g_autofree char *store = sandbox_path(state, "state/vksession");

	if (tree_has(store, text) != has)
		fail_msg("\"%s\" is %s", text, has ? "not in the store" : "in the store");
}

static gboolean thaw(Vks *vks, guint number, GError **error)
{
	VksThawOptions options = { .name = "s", .number = number, .detach = TRUE };
	VksThawResult result;

	return vks_thaw(vks, &options, NULL, &result, error);
}

static void assert_thaws(void **state, Vks *vks, guint number, guint changed)
{
	g_autofree char *memory = sandbox_path(state, "guest-memory");
	g_autofree char *expected = sandbox_path(state, "expected");
	g_autofree char *found = NULL, *wanted = NULL;
	g_autoptr(GError) error = NULL;

	write_memory(state, changed);
	assert_int_equal(rename(memory, expected), 0);
	if (!thaw(vks, number, &error))
		fail_msg("save %u: %s", number, error->message);
	assert_true(g_file_get_contents(memory, &found, NULL, NULL));
	assert_true(g_file_get_contents(expected, &wanted, NULL, NULL));
	assert_int_equal(memcmp(found, wanted, FAKE_MEMORY_SIZE), 0);
	assert_true(vks_stop(vks, "s", 0, NULL));
}

/* What the disk holds. The same of a session that is not encrypted shows that the search finds it. */
static void test_nothing_is_readable(void **state)
{
	static const char *const secrets[] = { KNOWN, DOCUMENT, "Untitled 1", PASSPHRASE };
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");

	save_session(vks, "s", FALSE);
	write_memory(state, 5);
	save_session(vks, "s", TRUE);
	for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
		assert_store_has(state, secrets[i], FALSE);
}

static void test_control(void **state)
{
	static const char *const found[] = { KNOWN, DOCUMENT, "Untitled 1" };
	g_autoptr(Vks) vks = run_encrypted(state, "none");

	save_session(vks, "s", FALSE);
	for (gsize i = 0; i < G_N_ELEMENTS(found); i++)
		assert_store_has(state, found[i], TRUE);
}

static void test_passphrase(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = NULL;

	save_session(vks, "s", FALSE);
	write_memory(state, 9);
	save_session(vks, "s", TRUE);
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_LOCKED);
	vks_set_ask(vks, answer_passphrase, (gpointer) "something else");
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_LOCKED);
	assert_state(vks, "s", VKS_STATE_SAVED);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	assert_thaws(state, vks, 0, 9);
	assert_thaws(state, vks, 1, 0);
	list = vks_list(vks, "s", FALSE, NULL);
	assert_int_equal(((VksSessionInfo *)list->pdata[0])->encryption, VKS_ENCRYPTION_PASSPHRASE);
}

/* Who may run, save and roll back without the passphrase is who may read the guest's memory. */
static void test_key_goes_with_the_run(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(VksSession) session = vks_session_find(vks, "s", 0, NULL);
	g_autofree char *key = g_build_filename(session->memory_dir, "key", NULL);
	VksRollbackOptions options = { .name = "s", .number = 1, .detach = TRUE };
	VksRollbackResult result;
	struct stat st;

	assert_non_null(session->sealing);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	save_session(vks, "s", FALSE);
	assert_true(vks_rollback(vks, &options, NULL, &result, NULL));
	assert_int_equal(access(key, F_OK), 0);
	save_session(vks, "s", TRUE);
	assert_int_equal(access(key, F_OK), -1);
}

static void test_modes(void **state)
{
	static const char *const files[] = { "key.json", "saves/1/manifest.json", "saves/1/memory",
					     "saves/1/memory.seals", "saves/1/state" };
	mode_t before = umask(0);
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");

	save_session(vks, "s", TRUE);
	umask(before);
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strdup_printf("%s/s/%s", vks->store_dir, files[i]);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

/* Changing what is there */

static void assert_refused(Vks *vks, guint number, const char *what)
{
	g_autoptr(GError) error = NULL;

	if (thaw(vks, number, &error))
		fail_msg("%s: it was thawed", what);
	if (vks_error_code(error) != VKS_ERROR_DAMAGED)
		fail_msg("%s: %s", what, error->message);
}

static void flip_and_try(Vks *vks, guint number, const char *part, double place)
{
	g_autofree char *path = part_path(vks, "s", number, part);
	struct stat st;
	guint64 bit;

	assert_int_equal(stat(path, &st), 0);
	bit = (guint64)((double)st.st_size * 8 * place);
	/* Every third page of the memory file holds something, up to those that did not change. */
	if (strcmp(part, "memory") == 0)
		bit = (guint64)(place * USED / 3) * 3 * PAGE * 8 + 12345;
	sandbox_flip_bit(path, bit);
	assert_refused(vks, number, part);
	sandbox_flip_bit(path, bit);
	assert_state(vks, "s", VKS_STATE_SAVED);
}

static void test_flipped_bits(void **state)
{
	static const char *const parts[] = { "memory", "memory.seals", "memory.same",
					     "state",  "layout.json",  "manifest.json" };
	static const double places[] = { 0, 0.3, 0.99 };
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");

	save_session(vks, "s", FALSE);
	write_memory(state, USED / 3);
	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		for (gsize j = 0; j < G_N_ELEMENTS(places); j++)
			flip_and_try(vks, 2, parts[i], places[j]);
	}
	assert_thaws(state, vks, 2, USED / 3);
}

/*
 * The checksums of the parts are no secret, and are put right by who changes a part; here even the
 * mac is, as if the manifest were no obstacle: what is sealed must be enough.
 */
static void put_right(Vks *vks, VksManifest *manifest, const char *part)
{
	g_autofree char *path = part_path(vks, "s", manifest->generation, part);
	g_autofree char *file = part_path(vks, "s", manifest->generation, "manifest.json");
	g_autofree char *text = NULL;
	VksChecksum sum;

	assert_true(vks_checksum_path(path, &sum, NULL, NULL, NULL, NULL));
	vks_manifest_remove_part(manifest, part);
	vks_manifest_add_part(manifest, part, TRUE, &sum);
	text = vks_manifest_print(manifest);
	assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void copy_file(const char *from, const char *to)
{
	unlink(to);
	assert_true(vks_file_copy(from, to, NULL));
}

/* A part of one save in the place of the same part of another. */
static void test_swapped_parts(void **state)
{
	static const char *const parts[] = { "memory", "memory.seals", "state", "layout.json" };
	static const char *const settings[] = { "incremental=no", NULL };
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(VksManifest) manifest = NULL;

	assert_true(vks_set_policy(vks, "s", settings, NULL));
	save_session(vks, "s", FALSE);
	write_memory(state, USED);
	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	manifest = load_save(vks, "s", 2);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *from = part_path(vks, "s", 1, parts[i]);
		g_autofree char *to = part_path(vks, "s", 2, parts[i]);
		g_autofree char *kept = sandbox_path(state, "kept");

		copy_file(to, kept);
		copy_file(from, to);
		put_right(vks, manifest, parts[i]);
		assert_refused(vks, 2, parts[i]);
		copy_file(kept, to);
		put_right(vks, manifest, parts[i]);
	}
	assert_thaws(state, vks, 2, USED);
}

/* Two pages of one memory change places; another becomes a hole. */
static void test_moved_pages(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(VksManifest) manifest = NULL;
	g_autofree char *path = NULL;
	char a[PAGE], b[PAGE];
	autofd fd = -1;

	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	manifest = load_save(vks, "s", 1);
	path = part_path(vks, "s", 1, "memory");
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, a, PAGE, 0), PAGE);
	assert_int_equal(pread(fd, b, PAGE, 3 * PAGE), PAGE);
	assert_int_equal(pwrite(fd, b, PAGE, 0), PAGE);
	assert_int_equal(pwrite(fd, a, PAGE, 3 * PAGE), PAGE);
	put_right(vks, manifest, "memory");
	assert_refused(vks, 1, "pages that changed places");
	assert_int_equal(pwrite(fd, a, PAGE, 0), PAGE);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE),
			 0);
	put_right(vks, manifest, "memory");
	assert_refused(vks, 1, "a page that became a hole");
	assert_int_equal(pwrite(fd, b, PAGE, 3 * PAGE), PAGE);
	put_right(vks, manifest, "memory");
	assert_thaws(state, vks, 1, 0);
}

/* Who has the disk, and not the key, can't make a save. */
static void test_planted_save(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");
	g_autofree char *file = NULL, *text = NULL;
	g_autoptr(VksManifest) manifest = NULL;

	save_session(vks, "s", TRUE);
	file = part_path(vks, "s", 1, "manifest.json");
	manifest = vks_store_load(saves, 1, NULL);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	/* Another time, with a checksum that is right: the mac is not. */
	manifest->utc_us++;
	text = vks_manifest_print(manifest);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	assert_refused(vks, 1, "a manifest with an old mac");
	/* As if it had never been encrypted. */
	vks_manifest_decrypt(manifest);
	vks_manifest_remove_part(manifest, VKS_PART_SEALS);
	g_free(text);
	text = vks_manifest_print(manifest);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	assert_refused(vks, 1, "a save that is not encrypted");
}

static void test_cut_parts(void **state)
{
	static const char *const parts[] = { "memory.seals", "state", "layout.json" };
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(VksManifest) manifest = NULL;

	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	manifest = load_save(vks, "s", 1);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = part_path(vks, "s", 1, parts[i]);
		g_autofree char *kept = sandbox_path(state, "kept");
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		copy_file(path, kept);
		assert_int_equal(truncate(path, st.st_size - 20), 0);
		put_right(vks, manifest, parts[i]);
		assert_refused(vks, 1, parts[i]);
		copy_file(kept, path);
		put_right(vks, manifest, parts[i]);
	}
	assert_thaws(state, vks, 1, 0);
}

/* Verifying with the key, and without. */
static void test_verify(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(GPtrArray) locked = NULL, open = NULL;
	const VksSaveInfo *info;

	save_session(vks, "s", TRUE);
	locked = vks_verify(vks, "s", 0, NULL, NULL);
	info = locked->pdata[0];
	assert_null(info->problem);
	assert_non_null(info->locked);
	assert_false(info->verified);
	assert_int_equal(info->manifest->windows->len, 0);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	open = vks_verify(vks, "s", 0, NULL, NULL);
	info = open->pdata[0];
	assert_null(info->problem);
	assert_null(info->locked);
	assert_true(info->verified);
	assert_int_not_equal(info->manifest->windows->len, 0);
}

/* Converting */

static void test_encrypt_and_decrypt(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "none");
	g_autoptr(GError) error = NULL;

	save_session(vks, "s", FALSE);
	write_memory(state, 7);
	save_session(vks, "s", FALSE);
	assert_false(vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, NULL, &error));
	assert_vks_error(&error, VKS_ERROR_STATE);
	write_memory(state, 11);
	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	if (!vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, NULL, &error))
		fail_msg("%s", error->message);
	assert_store_has(state, KNOWN, FALSE);
	assert_store_has(state, DOCUMENT, FALSE);
	assert_thaws(state, vks, 1, 0);
	assert_thaws(state, vks, 2, 7);
	assert_thaws(state, vks, 3, 11);
	if (!vks_decrypt(vks, "s", NULL, &error))
		fail_msg("%s", error->message);
	vks_set_ask(vks, NULL, NULL);
	assert_file(state, "state/vksession/s/key.json", FALSE);
	assert_file(state, "state/vksession/s/key.json.changing", FALSE);
	assert_thaws(state, vks, 1, 0);
	assert_thaws(state, vks, 2, 7);
	assert_thaws(state, vks, 3, 11);
}

static void stop_at_second_save(const char *stage, guint64 done, guint64 total, gpointer data)
{
	if (strcmp(stage, "encrypting saves") == 0)
		g_cancellable_cancel(data);
}

/* Interrupted in the middle: what is encrypted already and what is not can both be thawed. */
static void test_interrupted(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "none");
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	VksControl control = { stop_at_second_save, cancellable, cancellable };
	g_autoptr(GError) error = NULL;

	save_session(vks, "s", FALSE);
	write_memory(state, 7);
	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	assert_false(vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, &control, &error));
	g_clear_error(&error);
	assert_thaws(state, vks, 1, 0);
	assert_thaws(state, vks, 2, 7);
	if (!vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, NULL, &error))
		fail_msg("%s", error->message);
	assert_store_has(state, KNOWN, FALSE);
	assert_thaws(state, vks, 2, 7);
}

/* Old, then new. */
static VksSecret *answer_change(const char *session, gboolean is_new, gpointer data, GError **error)
{
	return answer_passphrase(session, is_new, (gpointer)(is_new ? "changed" : PASSPHRASE),
				 error);
}

static void test_change_passphrase(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autoptr(GError) error = NULL;

	save_session(vks, "s", TRUE);
	vks_set_ask(vks, answer_change, NULL);
	assert_true(vks_encrypt(vks, "s", VKS_ENCRYPTION_PASSPHRASE, NULL, NULL));
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_LOCKED);
	vks_set_ask(vks, answer_passphrase, (gpointer) "changed");
	assert_thaws(state, vks, 0, 0);
}

/* Its key is destroyed; without it, a copy of the saves is of no use. */
static void test_shred(void **state)
{
	g_autoptr(Vks) vks = run_encrypted(state, "passphrase");
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");
	g_autofree char *stolen = sandbox_path(state, "stolen");
	g_autofree char *session = sandbox_path(state, "state/vksession/s");
	const char *const copy[] = { "cp", "-a", saves, stolen, NULL };
	g_autoptr(GError) error = NULL;

	save_session(vks, "s", TRUE);
	assert_true(g_spawn_sync(NULL, (char **)copy, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				 NULL, NULL, NULL));
	assert_true(vks_shred(vks, "s", 0, NULL));
	assert_int_equal(access(session, F_OK), -1);
	assert_int_equal(mkdir(session, 0700), 0);
	assert_int_equal(rename(stolen, saves), 0);
	vks_set_ask(vks, answer_passphrase, (gpointer)PASSPHRASE);
	assert_false(thaw(vks, 0, &error));
	assert_vks_error(&error, VKS_ERROR_DAMAGED);
}

/* Without a bus there is no Secret Service: a clear refusal, and nothing is left of the attempt. */
static void test_no_secret_service(void **state)
{
	static const char *const argv[] = { "xterm", NULL };
	VksRunOptions options = { .name = "s", .argv = argv, .detach = TRUE, .encrypt = "keyring" };
	g_autoptr(Vks) vks = open_fake();
	g_autoptr(GError) error = NULL;
	VksRunResult result;

	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	assert_false(vks_run(vks, &options, NULL, &result, &error));
	assert_non_null(strstr(error->message, "--encrypt=passphrase"));
	assert_vks_error(&error, VKS_ERROR_UNSUPPORTED);
	assert_file(state, "state/vksession/s", FALSE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_readable),
		TEST(test_control),
		TEST(test_passphrase),
		TEST(test_key_goes_with_the_run),
		TEST(test_modes),
		TEST(test_flipped_bits),
		TEST(test_swapped_parts),
		TEST(test_moved_pages),
		TEST(test_planted_save),
		TEST(test_cut_parts),
		TEST(test_verify),
		TEST(test_encrypt_and_decrypt),
		TEST(test_interrupted),
		TEST(test_change_passphrase),
		TEST(test_shred),
		TEST(test_no_secret_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
