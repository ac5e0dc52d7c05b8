/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has for itself is that of the save that is thawed: a private directory and a disk,
 * on which a program keeps what it also has in memory. The host's own directory and the disk's
 * image are never touched, and another image is refused.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/story.h"
#include "tests/harness/supervise.h"

#define SESSION	   "work"
#define OTHER	   "other"
#define MOVED	   "moved"
#define ON_DISK	   "/media/disk-0/"
#define IMAGE_SIZE (16 << 20)

static struct {
	struct person person;
	char *profile; /* the private directory */
	char *image;   /* of the disk */
	char *sum;     /* of what is in it */
} story;

static char *in_profile(const char *name)
{
	return g_build_filename(story.profile, name, NULL);
}

static void write_on_host(const char *name, const char *text)
{
	g_autofree char *path = in_profile(name);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* In the private directory, and on the disk, past the guest's cache. */
static void write_in_guest(const char *name, const char *text)
{
	g_autofree char *path = in_profile(name);
	g_autofree char *on_disk = g_strconcat(ON_DISK, name, NULL);

	vksession_ok(&story.person, "exec", SESSION, "--", "sh", "-c",
		     "echo \"$1\" >\"$2\"; echo \"$1\" | dd of=\"$3\" conv=fsync status=none", "sh",
		     text, path, on_disk);
}

static void assert_in_guest(const char *name, const char *expected)
{
	g_autofree char *path = in_profile(name);
	g_autofree char *text = vksession_output(&story.person, "exec", SESSION, "--", "cat", path);

	assert_string_equal(g_strchomp(text), expected);
}

/* It runs, as its count goes on, and has found no difference to what it has in memory. */
static void assert_ledger_agrees(void)
{
	g_autofree char *book = in_profile("ledger");

	vksession_ok(&story.person, "exec", SESSION, "--", "sh", "-c",
		     "before=$(cat \"$1\"); while test ! -e \"$1.wrong\" -a "
		     "\"$(cat \"$1\")\" = \"$before\"; do :; done; ! cat \"$1.wrong\"",
		     "sh", book);
}

static void assert_on_disk_of(const char *session, const char *name, const char *expected)
{
	g_autofree char *path = g_strconcat(ON_DISK, name, NULL);
	g_autofree char *text = vksession_output(&story.person, "exec", session, "--", "cat", path);

	assert_string_equal(g_strchomp(text), expected);
}

static void assert_on_disk(const char *name, const char *expected)
{
	assert_on_disk_of(SESSION, name, expected);
}

static char *image_sum(void)
{
	g_autofree char *content = NULL;
	gsize length = 0;

	assert_true(g_file_get_contents(story.image, &content, &length, NULL));
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)content, length);
}

static void make_image(void)
{
	g_autofree char *command = NULL;
	int status;

	story.image = person_path(&story.person, "image");
	command = g_strdup_printf("/sbin/mke2fs -q -F -t ext4 -E root_owner=%u:%u %s", getuid(),
				  getgid(), story.image);
	/* Nothing is said about a file that is there already. */
	assert_true(g_file_set_contents(story.image, "", 0, NULL));
	assert_int_equal(truncate(story.image, IMAGE_SIZE), 0);
	assert_true(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
	story.sum = image_sum();
}

static void assert_host_untouched(const char *seed)
{
	g_autofree char *path = in_profile("seed");
	g_autofree char *text = NULL;
	g_autofree char *sum = NULL;
	g_autoptr(GDir) dir = g_dir_open(story.profile, 0, NULL);
	guint names = 0;

	assert_non_null(dir);
	while (g_dir_read_name(dir))
		names++;
	assert_int_equal(names, 1);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text, seed);
	sum = image_sum();
	assert_string_equal(sum, story.sum);
}

static void test_starts_with_a_copy(void **state)
{
	g_autofree char *ledger = guest_program("ledger.py");
	g_autofree char *book = NULL;

	story.profile = person_path(&story.person, "profile");
	book = in_profile("ledger");
	assert_int_equal(g_mkdir_with_parents(story.profile, 0700), 0);
	write_on_host("seed", "of the host");
	make_image();
	vksession_ok(&story.person, "run", "-s", SESSION, "--detach", "--no-network", "--private",
		     story.profile, "--disk", story.image, "--", ledger, book, ON_DISK "ledger");
	assert_in_guest("seed", "of the host");
	write_on_host("seed", "of the host, later");
	assert_in_guest("seed", "of the host");
	story_step_done();
}

static void test_goes_back_with_memory(void **state)
{
	g_autoptr(JsonNode) saves = NULL;

	write_in_guest("note", "one");
	assert_ledger_agrees();
	vksession_ok(&story.person, "save", SESSION);
	write_in_guest("note", "two");
	vksession_ok(&story.person, "rollback", "--detach", SESSION, "1");
	assert_in_guest("note", "one");
	assert_on_disk("note", "one");
	assert_ledger_agrees();
	assert_host_untouched("of the host, later");
	saves = vksession_json(&story.person, "saves", "--json", SESSION);
	assert_string_equal(
		json_array_get_string_element(
			json_object_get_array_member(
				json_array_get_object_element(json_node_get_array(saves), 0),
				"private"),
			0),
		story.profile);
	story_step_done();
}

/*
 * Two sessions have one image at once: each has written to a layer of its own, and takes that along
 * with its private directory when it moves.
 */
static void test_image_is_shared(void **state)
{
	g_autofree char *stream = person_path(&story.person, "stream");
	g_autofree char *seed = in_profile("seed");
	g_autofree char *text = NULL;

	vksession_ok(&story.person, "run", "-s", OTHER, "--detach", "--no-network", "--memory",
		     "256M", "--private", story.profile, "--disk", story.image, "--", "sleep",
		     "100000");
	vksession_ok(&story.person, "exec", OTHER, "--", "sh", "-c",
		     "echo other | tee \"$0\" >" ON_DISK "note", seed);
	vksession_ok(&story.person, "save", "--stop", OTHER);
	move_session(&story.person, OTHER, MOVED, stream);
	vksession_ok(&story.person, "drop", "--yes", OTHER);
	assert_on_disk("note", "one");
	assert_ledger_agrees();
	vksession_ok(&story.person, "thaw", "--detach", MOVED);
	assert_on_disk_of(MOVED, "note", "other");
	text = vksession_output(&story.person, "exec", MOVED, "--", "cat", seed);
	assert_string_equal(text, "other\n");
	assert_host_untouched("of the host, later");
	vksession_ok(&story.person, "stop", MOVED);
	vksession_ok(&story.person, "drop", "--yes", MOVED);
	story_step_done();
}

static void test_comes_back_when_killed(void **state)
{
	write_in_guest("note", "three");
	vksession_ok(&story.person, "save", SESSION);
	write_in_guest("note", "four");
	assert_int_equal(kill(session_vkernel(&story.person, SESSION), SIGKILL), 0);
	vksession_ok(&story.person, "thaw", "--detach", SESSION);
	assert_in_guest("note", "three");
	assert_on_disk("note", "three");
	assert_ledger_agrees();
	assert_host_untouched("of the host, later");
	vksession_ok(&story.person, "stop", SESSION);
	story_step_done();
}

static void test_other_disks_are_refused(void **state)
{
	g_autofree char *aside = g_strconcat(story.image, ".aside", NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	assert_int_equal(rename(story.image, aside), 0);
	vksession_fails(&story.person, 9, "is not there any more", "thaw", "--detach", SESSION);
	assert_true(g_file_get_contents(aside, &content, &length, NULL));
	assert_true(g_file_set_contents(story.image, content, (gssize)length, NULL));
	vksession_fails(&story.person, 9, "is another file", "thaw", "--detach", SESSION);
	assert_int_equal(rename(aside, story.image), 0);
	assert_int_equal(utimensat(AT_FDCWD, story.image, NULL, 0), 0);
	vksession_fails(&story.person, 9, "was written after the save", "thaw", "--detach",
			SESSION);
	vksession_ok(&story.person, "verify", SESSION);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_starts_with_a_copy),	  STORY_STEP(test_goes_back_with_memory),
	STORY_STEP(test_image_is_shared),	  STORY_STEP(test_comes_back_when_killed),
	STORY_STEP(test_other_disks_are_refused),
};

static void end(void)
{
	g_free(story.profile);
	g_free(story.image);
	g_free(story.sum);
}

STORY_MAIN("epoch", story.person, steps, 330, .end = end)
