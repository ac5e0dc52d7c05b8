/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can go wrong: each failure ends with its exit status and one line that says why, and nothing
 * is lost by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"

enum exit_status {
	EXIT_OTHER = 1,
	EXIT_USAGE,
	EXIT_NOT_FOUND,
	EXIT_STATE,
	EXIT_DAMAGED,
	EXIT_UNSUPPORTED,
	EXIT_NO_SPACE,
};

static struct {
	struct person person;
} story;

static void assert_runs(const char *name)
{
	g_autofree char *said =
		vksession_output(&story.person, "exec", name, "--", "echo", "alive");

	assert_string_equal(said, "alive\n");
}

static void test_usage(void **state)
{
	vksession_fails(&story.person, EXIT_USAGE, "frobnicate", "frobnicate");
	vksession_fails(&story.person, EXIT_USAGE, "", "save", "--no-such-option");
	vksession_fails(&story.person, EXIT_USAGE, "", "run", "-s", "../escape", "--", "true");
	vksession_fails(&story.person, EXIT_USAGE, "", "run");
	story_step_done();
}

static void test_unknown_session(void **state)
{
	static const char *const verbs[] = { "save", "thaw",  "attach", "detach",
					     "stop", "saves", "verify" };

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		vksession_fails(&story.person, EXIT_NOT_FOUND, "nowhere", verbs[i], "nowhere");
	vksession_fails(&story.person, EXIT_NOT_FOUND, "nowhere", "exec", "nowhere", "--", "true");
	vksession_fails(&story.person, EXIT_NOT_FOUND, "nowhere", "log", "nowhere");
	vksession_fails(&story.person, EXIT_NOT_FOUND, "nowhere", "drop", "nowhere");
	story_step_done();
}

static void test_no_display(void **state)
{
	person_setenv(&story.person, "DISPLAY", NULL);
	vksession_fails(&story.person, EXIT_UNSUPPORTED, "DISPLAY", "run", "-s", "new", "--",
			"xclock");
	person_setenv(&story.person, "DISPLAY", ":7777");
	vksession_fails(&story.person, EXIT_UNSUPPORTED, ":7777", "run", "-s", "new", "--",
			"xclock");
	person_setenv(&story.person, "DISPLAY", story.person.x.name);
	assert_nothing_runs(&story.person);
	story_step_done();
}

static void test_missing_program(const char *path, const char *name)
{
	story.person.hidden = path;
	vksession_fails(&story.person, EXIT_UNSUPPORTED, name, "run", "-s", "new", "--", "xclock");
	story.person.hidden = NULL;
	assert_nothing_runs(&story.person);
}

static void test_no_xpra(void **state)
{
	test_missing_program("/usr/bin/xpra", "xpra");
	story_step_done();
}

static void test_no_slirp4netns(void **state)
{
	test_missing_program("/usr/bin/slirp4netns", "slirp4netns");
	story_step_done();
}

static void test_too_much_memory(void **state)
{
	vksession_fails(&story.person, EXIT_UNSUPPORTED, "memory", "run", "-s", "new", "--memory",
			"4000G", "--", "xclock");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static void test_no_such_guest_program(void **state)
{
	vksession_fails(&story.person, EXIT_OTHER, "no-such-program", "run", "-s", "new", "--",
			"no-such-program");
	assert_nothing_runs(&story.person);
	vksession_fails(&story.person, EXIT_NOT_FOUND, "new", "saves", "new");
	story_step_done();
}

/* From here on there is a session, "work", with one save. */
static void test_session_for_the_rest(void **state)
{
	vksession_ok(&story.person, "run", "-s", "work", "--", "xclock");
	assert_true(window_wait(&story.person.x, "xclock", NULL, 90000));
	vksession_ok(&story.person, "save", "work");
	story_step_done();
}

static void test_running_already(void **state)
{
	vksession_fails(&story.person, EXIT_STATE, "running", "thaw", "work");
	vksession_fails(&story.person, EXIT_STATE, "exists", "run", "--new", "-s", "work", "--",
			"xclock");
	vksession_fails(&story.person, EXIT_STATE, "running", "drop", "--yes", "work");
	vksession_fails(&story.person, EXIT_STATE, "work", "attach", "work");
	assert_runs("work");
	story_step_done();
}

static void test_exec(void **state)
{
	g_auto(ProcessResult) result = { 0 };

	vksession(&story.person, &result, "exec", "work", "--", "sh", "-c",
		  "echo out; echo err >&2; exit 42");
	assert_int_equal(result.status, 42);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.err, "err\n");
	vksession_fails(&story.person, EXIT_OTHER, "no-such-program", "exec", "work", "--",
			"no-such-program");
	assert_runs("work");
	story_step_done();
}

static void test_not_running(void **state)
{
	vksession_ok(&story.person, "stop", "work");
	vksession_fails(&story.person, EXIT_STATE, "not running", "save", "work");
	vksession_fails(&story.person, EXIT_STATE, "not running", "exec", "work", "--", "true");
	vksession_fails(&story.person, EXIT_STATE, "not running", "attach", "work");
	vksession_fails(&story.person, EXIT_STATE, "not running", "stop", "work");
	vksession_fails(&story.person, EXIT_NOT_FOUND, "7", "thaw", "--save", "7", "work");
	person_setenv(&story.person, "DISPLAY", NULL);
	vksession_fails(&story.person, EXIT_UNSUPPORTED, "DISPLAY", "thaw", "work");
	person_setenv(&story.person, "DISPLAY", story.person.x.name);
	assert_nothing_runs(&story.person);
	story_step_done();
}

/* A part of save 1 of "work". */
static char *part_path(const char *part)
{
	g_autofree char *relative =
		g_build_filename(".local/state/vksession/work/saves/1", part, NULL);

	return person_path(&story.person, relative);
}

/* Offset of the data in the middle of a file; the byte there is part of what was saved. */
static off_t middle_of(int fd, off_t size)
{
	off_t data = lseek(fd, size / 2, SEEK_DATA);

	return data >= 0 ? data : lseek(fd, 0, SEEK_DATA);
}

static void flip_bit(const char *path)
{
	autofd fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	off_t at;
	char byte;

	assert_int_equal(fstat(fd, &st), 0);
	at = middle_of(fd, st.st_size);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

/* Fails the test unless save 1 is refused. */
static void assert_refused(const char *what, const char *part)
{
	printf("# %s %s\n", part, what);
	vksession_fails(&story.person, EXIT_DAMAGED, "1", "verify", "work");
	vksession_fails(&story.person, EXIT_DAMAGED, "1", "thaw", "work");
	assert_nothing_runs(&story.person);
}

static void damage_part(const char *part)
{
	g_autofree char *path = part_path(part);
	struct stat st;
	char last;

	flip_bit(path);
	assert_refused("with one bit flipped", part);
	flip_bit(path);

	/* One byte is missing at the end. */
	assert_int_equal(stat(path, &st), 0);
	{
		autofd fd = open(path, O_RDWR | O_CLOEXEC);

		assert_int_equal(pread(fd, &last, 1, st.st_size - 1), 1);
		assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
		assert_refused("cut off", part);
		assert_int_equal(pwrite(fd, &last, 1, st.st_size - 1), 1);
	}
}

static void test_damaged_memory(void **state)
{
	damage_part("memory");
	vksession_ok(&story.person, "verify", "work");
	story_step_done();
}

static void test_damaged_state(void **state)
{
	damage_part("state");
	vksession_ok(&story.person, "verify", "work");
	story_step_done();
}

static void test_damaged_manifest(void **state)
{
	damage_part("manifest.json");
	vksession_ok(&story.person, "verify", "work");
	story_step_done();
}

static void test_missing_part(void **state)
{
	g_autofree char *path = part_path("memory");
	g_autofree char *away = g_strconcat(path, ".away", NULL);

	assert_int_equal(rename(path, away), 0);
	assert_refused("gone", "memory");
	assert_int_equal(rename(away, path), 0);
	story_step_done();
}

/* The path of the one vkernel in the store. */
static char *kept_vkernel(void)
{
	g_autofree char *kernels = person_path(&story.person, ".local/state/vksession/kernels");
	g_autoptr(GDir) dir = g_dir_open(kernels, 0, NULL);
	const char *name = dir ? g_dir_read_name(dir) : NULL;

	if (!name)
		fail_msg("no vkernel is kept in %s", kernels);
	return g_build_filename(kernels, name, "vkernel", NULL);
}

static void test_other_vkernel(void **state)
{
	g_autofree char *path = kept_vkernel();
	g_autofree char *away = g_strconcat(path, ".away", NULL);
	g_autofree char *binary = NULL;
	gsize length;

	assert_true(g_file_get_contents(path, &binary, &length, NULL));
	assert_int_equal(rename(path, away), 0);
	binary[length / 2] ^= 1;
	assert_true(g_file_set_contents_full(path, binary, (gssize)length, 0, 0755, NULL));
	assert_refused("of another build", "vkernel");
	assert_int_equal(g_unlink(path), 0);
	assert_refused("gone", "vkernel");
	assert_int_equal(rename(away, path), 0);
	story_step_done();
}

static void test_whole_again(void **state)
{
	vksession_ok(&story.person, "thaw", "--wait", "work");
	assert_true(window_wait(&story.person.x, "xclock", NULL, 10000));
	assert_runs("work");
	vksession_ok(&story.person, "stop", "work");
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_usage),
	STORY_STEP(test_unknown_session),
	STORY_STEP(test_no_display),
	STORY_STEP(test_no_xpra),
	STORY_STEP(test_no_slirp4netns),
	STORY_STEP(test_too_much_memory),
	STORY_STEP(test_no_such_guest_program),
	STORY_STEP(test_session_for_the_rest),
	STORY_STEP(test_running_already),
	STORY_STEP(test_exec),
	STORY_STEP(test_not_running),
	STORY_STEP(test_damaged_memory),
	STORY_STEP(test_damaged_state),
	STORY_STEP(test_damaged_manifest),
	STORY_STEP(test_missing_part),
	STORY_STEP(test_other_vkernel),
	STORY_STEP(test_whole_again),
};

STORY_MAIN("failures", story.person, steps, 400)
