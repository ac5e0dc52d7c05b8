/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores of earlier builds, as keep-store.sh made them: this build lists them, reads each save back
 * byte by byte, and goes on with them. What is in the guest's memory comes from the fake of kernel
 * and display; compat.c has a real guest.
 */
#include <stdio.h>
#include <string.h>

#include "tests/vksession/operations.h"

#define SAVES 3u /* of each session: a whole one, two of what changed */

static const char *stores_dir;

/** What the archive says of a save. */
typedef struct {
	char session[16], sum[65];
	guint number;
} Kept;

static GPtrArray *list_archives(void)
{
	GPtrArray *archives = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(stores_dir, 0, NULL);
	const char *name;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".tar.xz"))
			g_ptr_array_add(archives, g_build_filename(stores_dir, name, NULL));
	}
	g_dir_close(dir);
	assert_true(archives->len > 0);
	return archives;
}

static void unpack(void **state, const char *archive)
{
	g_autofree char *place = sandbox_path(state, "state");
	const char *const argv[] = { "tar", "-xJf", archive, "-C", place, NULL };
	int status = -1;

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				 NULL, &status, NULL));
	assert_int_equal(status, 0);
}

static GArray *read_kept(void **state)
{
	g_autofree char *text = sandbox_read(state, "state/vksession/sums");
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
	GArray *all = g_array_new(FALSE, TRUE, sizeof(Kept));

	for (char **line = lines; *line; line++) {
		Kept kept;

		assert_int_equal(
			sscanf(*line, "%15s %u %64s", kept.session, &kept.number, kept.sum), 3);
		g_array_append_val(all, kept);
	}
	assert_true(all->len > 0 && all->len % SAVES == 0);
	return all;
}

static Vks *open_store(void)
{
	Vks *vks = open_fake();

	vks_set_ask(vks, answer_passphrase, (gpointer) "correct horse");
	return vks;
}

static void assert_all_good(Vks *vks, const char *session, guint count)
{
	g_autoptr(GPtrArray) results = vks_verify(vks, session, 0, NULL, NULL);

	assert_non_null(results);
	assert_int_equal(results->len, count);
	for (guint i = 0; i < results->len; i++) {
		const VksSaveInfo *info = results->pdata[i];

		if (info->problem)
			fail_msg("save %u of %s: %s", info->number, session, info->problem);
	}
}

/* The guest gets back exactly the memory that it had. */
static void thaw_and_compare(void **state, Vks *vks, const Kept *kept)
{
	VksThawOptions options = { .name = kept->session, .number = kept->number, .display = ":9" };
	g_autofree char *memory = sandbox_path(state, "guest-memory");
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autoptr(GError) error = NULL;
	g_autofree char *content = NULL;
	VksThawResult result;
	gsize length;

	g_setenv("VKS_FAKE_MEMORY", memory, TRUE);
	if (!vks_thaw(vks, &options, NULL, &result, &error))
		fail_msg("save %u of %s: %s", kept->number, kept->session, error->message);
	assert_true(g_file_get_contents(memory, &content, &length, NULL));
	g_checksum_update(checksum, (const guchar *)content, (gssize)length);
	assert_string_equal(g_checksum_get_string(checksum), kept->sum);
}

/* Saves on top of the old ones, which are then rewritten; each still is what it was. */
static void go_on(void **state, Vks *vks, const Kept *saves)
{
	static const char *const settings[] = { "keep=9", NULL };
	const char *session = saves->session;
	g_autoptr(GError) error = NULL;
	VksPruneResult pruned;

	assert_true(vks_set_policy(vks, session, settings, NULL));
	for (guint i = 0; i < SAVES; i++) {
		thaw_and_compare(state, vks, &saves[i]);
		assert_int_equal(save_session(vks, session, TRUE), SAVES + 1 + i);
	}
	assert_true(vks_drop(vks, session, 1, NULL));
	if (!vks_prune(vks, session, NULL, &pruned, &error))
		fail_msg("%s", error->message);
	assert_all_good(vks, session, 2 * SAVES - 1);
	for (guint i = 1; i < SAVES; i++) {
		thaw_and_compare(state, vks, &saves[i]);
		assert_true(vks_stop(vks, session, 0, NULL));
	}
}

static void check_store(void **state, const char *archive)
{
	g_autoptr(GArray) all = NULL;
	g_autoptr(Vks) vks = NULL;

	printf("# %s\n", archive);
	unpack(state, archive);
	all = read_kept(state);
	vks = open_store();
	for (guint i = 0; i < all->len; i += SAVES) {
		const Kept *saves = &g_array_index(all, Kept, i);

		assert_state(vks, saves->session, VKS_STATE_SAVED);
		assert_all_good(vks, saves->session, SAVES);
		go_on(state, vks, saves);
	}
}

static void test_stores(void **state)
{
	g_autoptr(GPtrArray) archives = list_archives();

	for (guint i = 0; i < archives->len; i++) {
		void *sandbox;

		assert_int_equal(sandbox_setup(&sandbox), 0);
		check_store(&sandbox, archives->pdata[i]);
		sandbox_teardown(&sandbox);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_stores) };

	if (argc < 2)
		return 2;
	stores_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
