/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's disk fills up in the middle of a save: the session goes on, earlier saves are intact,
 * and once there is room again all is well.
 *
 * The disk is a tmpfs in a mount namespace of its own, which any user may have in a user namespace;
 * it is reached through /proc/PID/root of the process that holds the namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"
#include "tests/harness/windows.h"

#define EXIT_NO_SPACE 7
#define NEW_BYTES     200000000	 /* in the guest, by the time of the second save */
#define ROOM_BYTES    (24 << 20) /* left on the disk: no save fits */

static struct {
	struct person person;
	pid_t holder; /* of the namespace with the small disk */
	char *disk;   /* the disk, as seen from outside */
	char *filler;
	pid_t vkernel;
} story;

static void start_disk(void)
{
	g_autofree char *ready = NULL;

	story.holder = start_process((const char *const[]){ "unshare", "--user", "--map-root-user",
							    "--mount", "sh", "-c",
							    "mount -t tmpfs -o size=1g,mode=700 "
							    "store /mnt && touch /mnt/ready && "
							    "exec tail -f /dev/null",
							    NULL },
				     NULL, -1, story.person.log);
	story.disk = g_strdup_printf("/proc/%d/root/mnt", story.holder);
	ready = g_build_filename(story.disk, "ready", NULL);
	if (!wait_for_file(ready, NULL, 10000))
		fail_msg("no disk of its own: are user namespaces allowed here?");
	story.filler = g_build_filename(story.disk, "filler", NULL);
	person_setenv(&story.person, "XDG_STATE_HOME", story.disk);
	/* Landlock keeps a vkernel out of /proc/PID/root, through which this disk is reached. */
	person_setenv(&story.person, "VKSESSION_ISOLATION", "seccomp");
	/* What is left on the disk is for the test to say, not for work in the background. */
	person_setenv(&story.person, "VKSESSION_NO_BACKGROUND", "1");
}

static void test_start(void **state)
{
	start_disk();
	vksession_ok(&story.person, "run", "-s", "work", "--", "xclock");
	assert_true(window_wait(&story.person.x, "xclock", NULL, 90000));
	vksession_ok(&story.person, "save", "work");
	story.vkernel = session_vkernel(&story.person, "work");
	/* A save writes what is new since the last one: more than there will be room for. */
	vksession_ok(&story.person, "exec", "work", "--", "sh", "-c",
		     "head -c " G_STRINGIFY(NEW_BYTES) " /dev/urandom >/tmp/new");
	story_step_done();
}

static void test_fill_disk(void **state)
{
	autofd fd = open(story.filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct statvfs disk;

	assert_int_equal(statvfs(story.disk, &disk), 0);
	assert_int_equal(
		posix_fallocate(fd, 0, (off_t)(disk.f_bavail * disk.f_frsize) - ROOM_BYTES), 0);
	story_step_done();
}

static void assert_all_well(void)
{
	g_autofree char *said =
		vksession_output(&story.person, "exec", "work", "--", "echo", "alive");
	g_autoptr(JsonNode) saves = vksession_json(&story.person, "verify", "--json", "work");
	struct statvfs disk;

	assert_string_equal(said, "alive\n");
	assert_int_equal(session_vkernel(&story.person, "work"), story.vkernel);
	assert_int_equal(json_array_get_length(json_node_get_array(saves)), 1);
	assert_int_equal(json_int(saves, "save"), 1);
	/* Nothing of the attempt is left. */
	assert_int_equal(statvfs(story.disk, &disk), 0);
	assert_true(disk.f_bavail * disk.f_frsize > ROOM_BYTES - (2 << 20));
}

static void test_refused_beforehand(void **state)
{
	vksession_fails(&story.person, EXIT_NO_SPACE, "free", "save", "work");
	assert_all_well();
	story_step_done();
}

static void test_full_in_the_middle(void **state)
{
	vksession_fails(&story.person, EXIT_NO_SPACE, "goes on", "save", "--force", "work");
	assert_all_well();
	story_step_done();
}

static void test_full_in_the_middle_of_the_last(void **state)
{
	vksession_fails(&story.person, EXIT_NO_SPACE, "goes on", "save", "--force", "--stop",
			"work");
	assert_all_well();
	assert_true(window_wait(&story.person.x, "xclock", NULL, 5000));
	story_step_done();
}

static void test_room_again(void **state)
{
	assert_int_equal(g_unlink(story.filler), 0);
	vksession_ok(&story.person, "save", "--stop", "work");
	assert_true(window_wait_none(&story.person.x, 10000));
	vksession_ok(&story.person, "thaw", "--wait", "work");
	vksession_ok(&story.person, "stop", "work");
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_fill_disk),
	STORY_STEP(test_refused_beforehand),
	STORY_STEP(test_full_in_the_middle),
	STORY_STEP(test_full_in_the_middle_of_the_last),
	STORY_STEP(test_room_again),
};

static void end(void)
{
	stop_process(story.holder);
	g_free(story.disk);
	g_free(story.filler);
}

STORY_MAIN("no-space", story.person, steps, 200, .end = end)
