/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system that a guest's memory lies on is full when the guest needs more of it: the
 * session stands still until there is room, and loses nothing; if it is ended instead, the last
 * save is intact. The same if that happens while a save copies memory that the guest never used.
 *
 * The session has a small /dev/shm to itself, in a mount namespace.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "launcher/autofd.h"
#include "tests/harness/person.h"
#include "tests/harness/story.h"
#include "tests/harness/wait.h"

#define SESSION	  "full"
#define MEMORY	  "224M"
#define DISK	  "240m"	     /* a little more than the guest's memory */
#define NEW_BYTES 67108864	     /* that a program of the guest writes */
#define SPARE	  (16 << 20)	     /* that a save begins with */
#define STANDS	  "no room for more" /* in the log */
#define GOES_ON	  "going on"
#define WAIT_MS	  60000

static struct {
	struct person person;
	pid_t holder; /* of the namespace */
	char *target, *disk, *filler, *log;
	const char *wrapper[9];
	pid_t writer; /* the command whose program needs memory */
} story;

static void start_disk(void)
{
	g_autofree char *user = g_strdup_printf("--map-user=%u", (guint)getuid());
	g_autofree char *group = g_strdup_printf("--map-group=%u", (guint)getgid());
	g_autofree char *ready = NULL;
	const char *const argv[] = { "unshare",
				     "--user",
				     user,
				     group,
				     "--keep-caps",
				     "--mount",
				     "sh",
				     "-c",
				     "mount -t tmpfs -o size=" DISK ",mode=1777 shm /dev/shm && "
				     "touch /dev/shm/ready && exec tail -f /dev/null",
				     NULL };

	story.holder = start_process(argv, NULL, -1, story.person.log);
	story.disk = g_strdup_printf("/proc/%d/root/dev/shm", story.holder);
	ready = g_build_filename(story.disk, "ready", NULL);
	if (!wait_for_file(ready, NULL, WAIT_MS))
		fail_msg("no /dev/shm of its own: are user namespaces allowed here?");
	story.filler = g_build_filename(story.disk, "filler", NULL);
	story.target = g_strdup_printf("--target=%d", story.holder);
}

static void test_start(void **state)
{
	static const char *const wrapper[] = {
		"nsenter", NULL, "--user", "--mount", "--preserve-credentials", "--"
	};

	start_disk();
	memcpy(story.wrapper, wrapper, sizeof(wrapper));
	story.wrapper[1] = story.target;
	story.person.wrapper = story.wrapper;
	story.log = person_path(&story.person, ".local/state/vksession/" SESSION "/log");
	vksession_ok(&story.person, "run", "-s", SESSION, "--detach", "--memory", MEMORY,
		     "--no-network", "--", "/bin/sleep", "infinity");
	vksession_ok(&story.person, "save", SESSION);
	story_step_done();
}

/* Piece by piece: the guest may take some of the room meanwhile. */
static void fill_disk(void)
{
	autofd fd = open(story.filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	off_t size = 0;

	assert_true(fd >= 0);
	for (off_t piece = 1 << 20; piece >= 4096; piece /= 16) {
		while (posix_fallocate(fd, size, piece) == 0)
			size += piece;
	}
}

struct lines {
	const char *text;
	guint count;
};

static bool log_has(void *data)
{
	const struct lines *lines = data;
	g_autofree char *log = NULL;
	guint count = 0;

	if (!g_file_get_contents(story.log, &log, NULL, NULL))
		return false;
	for (const char *at = strstr(log, lines->text); at; at = strstr(at + 1, lines->text))
		count++;
	return count >= lines->count;
}

/* Waits until the log has so many lines with a text. */
static void await_lines(const char *text, guint count)
{
	struct lines lines = { text, count };

	if (!wait_until(log_has, &lines, -1, WAIT_MS))
		fail_msg("the log does not have '%s' %u times", text, count);
}

/* Starts a command that will stand still. */
static pid_t start_command(const char *const *command)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	for (guint i = 0; story.wrapper[i]; i++)
		g_ptr_array_add(argv, (gpointer)story.wrapper[i]);
	g_ptr_array_add(argv, (gpointer)g_getenv("VKSESSION"));
	for (; *command; command++)
		g_ptr_array_add(argv, (gpointer)*command);
	g_ptr_array_add(argv, NULL);
	return start_process((const char *const *)argv->pdata, story.person.environment, -1,
			     story.person.log);
}

/* A program of the guest writes more than there is room for. */
static void start_writer(void)
{
	const char *const command[] = { "exec",
					SESSION,
					"--",
					"sh",
					"-c",
					"head -c " G_STRINGIFY(NEW_BYTES) " /dev/zero | tr '\\0' x "
									  ">/tmp/new",
					NULL };

	story.writer = start_command(command);
}

static void test_stands_still(void **state)
{
	g_autoptr(JsonNode) info = NULL;

	fill_disk();
	start_writer();
	await_lines(STANDS, 1);
	info = session_info(&story.person, SESSION);
	assert_string_equal(json_text(info, "state"), "running");
	vksession_ok(&story.person, "verify", SESSION);
	story_step_done();
}

static void test_room_again(void **state)
{
	g_autofree char *sum = NULL;
	int status;

	assert_int_equal(g_unlink(story.filler), 0);
	assert_int_equal(waitpid(story.writer, &status, 0), story.writer);
	assert_int_equal(status, 0);
	await_lines(GOES_ON, 1);
	sum = vksession_output(&story.person, "exec", SESSION, "--", "sh", "-c",
			       "tr -d x </tmp/new | wc -c; stat -c %s /tmp/new");
	assert_string_equal(sum, "0\n" G_STRINGIFY(NEW_BYTES) "\n");
	vksession_ok(&story.person, "save", SESSION);
	story_step_done();
}

/* It ends while it stands. After a thaw, it has only the memory that was saved. */
static void test_ended_while_it_stands(void **state)
{
	vksession_ok(&story.person, "stop", SESSION);
	vksession_ok(&story.person, "thaw", "--detach", "--save", "1", SESSION);
	fill_disk();
	start_writer();
	await_lines(STANDS, 2);
	assert_int_equal(kill(session_vkernel(&story.person, SESSION), SIGKILL), 0);
	assert_int_equal(g_unlink(story.filler), 0);
	waitpid(story.writer, NULL, 0);
	vksession_ok(&story.person, "verify", SESSION);
	vksession_ok(&story.person, "thaw", "--detach", SESSION);
	vksession_ok(&story.person, "exec", SESSION, "--", "true");
	vksession_ok(&story.person, "stop", SESSION);
	story_step_done();
}

struct save {
	pid_t pid;
	int status;
	guint stood; /* lines of the log before it */
};

static bool has_ended(struct save *save)
{
	return waitpid(save->pid, &save->status, WNOHANG) == save->pid;
}

static bool is_copying(void *data)
{
	g_autofree char *saves =
		person_path(&story.person, ".local/state/vksession/" SESSION "/saves");
	g_autoptr(GDir) dir = g_dir_open(saves, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *memory = g_build_filename(saves, name, "memory", NULL);

		if (g_str_has_prefix(name, ".new-") && g_file_test(memory, G_FILE_TEST_EXISTS))
			return true;
	}
	return has_ended(data);
}

static bool stands_or_has_ended(void *data)
{
	struct save *save = data;
	struct lines lines = { STANDS, save->stood + 1 };

	return log_has(&lines) || has_ended(save);
}

/* All but for a little is taken before, so that the rest is gone at once. */
static void test_full_during_a_save(void **state)
{
	static const char *const command[] = { "save", SESSION, NULL };
	struct save save = { .status = -1 };
	GStatBuf st;

	vksession_ok(&story.person, "thaw", "--detach", SESSION);
	/* Which also sees to it that the guest has all of its memory. */
	vksession_ok(&story.person, "exec", SESSION, "--", "true");
	fill_disk();
	assert_int_equal(g_stat(story.filler, &st), 0);
	assert_int_equal(truncate(story.filler, st.st_size - SPARE), 0);
	for (struct lines lines = { STANDS, 1 }; log_has(&lines); lines.count++)
		save.stood = lines.count;
	save.pid = start_command(command);
	assert_true(wait_until(is_copying, &save, -1, WAIT_MS));
	fill_disk();
	if (save.status == -1)
		assert_true(wait_until(stands_or_has_ended, &save, -1, WAIT_MS));
	assert_int_equal(g_unlink(story.filler), 0);
	if (save.status == -1)
		assert_int_equal(waitpid(save.pid, &save.status, 0), save.pid);
	assert_int_equal(save.status, 0);
	vksession_ok(&story.person, "verify", SESSION);
	vksession_ok(&story.person, "exec", SESSION, "--", "true");
	vksession_ok(&story.person, "stop", SESSION);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_start),
	STORY_STEP(test_stands_still),
	STORY_STEP(test_room_again),
	STORY_STEP(test_ended_while_it_stands),
	STORY_STEP(test_full_during_a_save),
};

static void end(void)
{
	stop_process(story.holder);
	g_free(story.target);
	g_free(story.disk);
	g_free(story.filler);
	g_free(story.log);
}

STORY_MAIN("memory-full", story.person, steps, 250, .end = end)
