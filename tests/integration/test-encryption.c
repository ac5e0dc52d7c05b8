/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An encrypted session with a real guest: what its memory and its private directory hold is not on
 * the disk (and what those of one that is not encrypted hold is), a wrong passphrase costs nothing,
 * the right one brings everything back, and the passphrase itself is nowhere. Then the same with a
 * keyring.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/autofd.h"
#include "tests/harness/story.h"
#include "tests/harness/supervise.h"

#define PASSPHRASE "tr0ub4dor"
#define KNOWN	   "known-42-words"
#define NOTE	   "noted-56-words"
/* Makes the known words in the guest's memory, and has them nowhere else. */
#define PROGRAM	   "V=known-$((6 * 7))-words; export V; exec sleep 100000"
/* Puts others into a file of the private directory. */
#define WRITE	   "echo noted-$((7 * 8))-words >\"$0\""
/* Prints the number of processes that have them. */
#define COUNT	   "grep -la \"known-$((40 + 2))\" /proc/[0-9]*/environ 2>/dev/null | wc -l"

static struct {
	struct person person;
	char *profile; /* the private directory */
	char *note;    /* a file in it, which the host does not have */
	pid_t keyring; /* 0: none */
} story;

/* Runs `vksession` with a passphrase on descriptor 0. */
static int with_passphrase(const char *passphrase, const char *const *words)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *input = g_strconcat(passphrase, "\n", NULL);
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .environment = story.person.environment,
					   .input = input,
					   .timeout_ms = VKSESSION_MS };
	g_auto(GStrv) argv = NULL;

	g_strv_builder_add(builder, g_getenv("VKSESSION"));
	g_strv_builder_addv(builder, (const char **)words);
	argv = g_strv_builder_end(builder);
	request.argv = (const char *const *)argv;
	run_process(&request, &result);
	printf("# with a passphrase: vksession %s: exit %d %s", words[0], result.status,
	       *result.err ? result.err : "\n");
	assert_null(strstr(result.err, passphrase));
	return result.status;
}
#define vksession_with(passphrase, ...)                                                            \
	with_passphrase(passphrase, (const char *const[]){ __VA_ARGS__, NULL })

static gboolean file_has(const char *path, const char *text)
{
	g_autofree char *content = NULL;
	gsize length = 0;

	return g_file_get_contents(path, &content, &length, NULL) &&
	       memmem(content, length, text, strlen(text));
}

static gboolean tree_has(const char *path, const char *text)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	if (!dir)
		return file_has(path, text);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *inside = g_build_filename(path, name, NULL);

		if (!g_file_test(inside, G_FILE_TEST_IS_SYMLINK) && tree_has(inside, text))
			return TRUE;
	}
	return FALSE;
}

static gboolean session_has(const char *session, const char *text)
{
	g_autofree char *store = person_path(&story.person, ".local/state/vksession");
	g_autofree char *path = g_build_filename(store, session, NULL);

	assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
	return tree_has(path, text);
}

static void assert_program_goes_on(const char *session)
{
	g_autofree char *count =
		vksession_output(&story.person, "exec", session, "--", "sh", "-c", COUNT);

	/* One program, and no more. */
	assert_int_equal(atoi(count), 1);
}

static void assert_note_is_there(const char *session)
{
	g_autofree char *text =
		vksession_output(&story.person, "exec", session, "--", "cat", story.note);

	assert_string_equal(text, NOTE "\n");
	assert_false(g_file_test(story.note, G_FILE_TEST_EXISTS));
}

static void make_profile(void)
{
	story.profile = person_path(&story.person, "profile");
	story.note = g_build_filename(story.profile, "note", NULL);
	assert_int_equal(g_mkdir_with_parents(story.profile, 0700), 0);
}

static void test_nothing_is_readable(void **state)
{
	make_profile();
	assert_int_equal(vksession_with(PASSPHRASE, "run", "-s", "vault", "--encrypt=passphrase",
					"--passphrase-fd", "0", "--detach", "--memory", "512M",
					"--no-network", "--private", story.profile, "--", "sh",
					"-c", PROGRAM),
			 0);
	vksession_ok(&story.person, "run", "-s", "open", "--detach", "--memory", "512M",
		     "--no-network", "--private", story.profile, "--", "sh", "-c", PROGRAM);
	assert_program_goes_on("vault");
	vksession_ok(&story.person, "exec", "vault", "--", "sh", "-c", WRITE, story.note);
	vksession_ok(&story.person, "exec", "open", "--", "sh", "-c", WRITE, story.note);
	vksession_ok(&story.person, "save", "vault");
	vksession_ok(&story.person, "save", "open");
	assert_true(session_has("open", KNOWN));
	assert_true(session_has("open", NOTE));
	assert_false(session_has("vault", KNOWN));
	assert_false(session_has("vault", NOTE));
	vksession_ok(&story.person, "stop", "open");
	story_step_done();
}

/* The next save is small, and everything that is done with saves works. */
static void test_incremental(void **state)
{
	g_autoptr(JsonNode) first = NULL, second = NULL;

	first = vksession_json(&story.person, "save", "--json", "vault");
	second = vksession_json(&story.person, "save", "--json", "vault");
	assert_int_equal(json_int(second, "base"), json_int(first, "save"));
	/* An idle session: whatever the machine, most of its pages are what they were. */
	assert_true(json_int(second, "written_bytes") < json_int(second, "memory_bytes") / 4);
	vksession_ok(&story.person, "verify", "vault");
	vksession_ok(&story.person, "exec", "vault", "--", "rm", story.note);
	vksession_ok(&story.person, "rollback", "--detach", "vault", "1");
	assert_program_goes_on("vault");
	assert_note_is_there("vault");
	vksession_ok(&story.person, "drop", "--yes", "vault", "2");
	vksession_ok(&story.person, "prune", "vault");
	vksession_ok(&story.person, "verify", "vault");
	assert_false(session_has("vault", KNOWN));
	assert_false(session_has("vault", NOTE));
	story_step_done();
}

/* While it runs: in no command line, no environment, no log, of the host or of the guest. */
static void test_passphrase_is_nowhere(void **state)
{
	g_autoptr(GArray) started = list_started();
	g_autofree char *log = vksession_output(&story.person, "log", "vault");
	g_autofree char *guest = vksession_output(
		&story.person, "exec", "vault", "--", "sh", "-c",
		"grep -la 'tr0ub[4]dor' /proc/[0-9]*/environ /proc/[0-9]*/cmdline | wc -l");

	assert_true(started->len > 2);
	for (guint i = 0; i < started->len; i++) {
		const struct process_info *info = &g_array_index(started, struct process_info, i);
		g_autofree char *words = g_strdup_printf("/proc/%d/cmdline", info->pid);
		g_autofree char *environment = g_strdup_printf("/proc/%d/environ", info->pid);

		if (file_has(words, PASSPHRASE) || file_has(environment, PASSPHRASE))
			fail_msg("%s (%d) has the passphrase", info->name, info->pid);
	}
	assert_null(strstr(log, PASSPHRASE));
	assert_int_equal(atoi(guest), 0);
	assert_false(session_has("vault", PASSPHRASE));
	story_step_done();
}

static void test_thaw(void **state)
{
	g_autoptr(JsonNode) info = NULL;

	/* Nobody is asked at a save, not even at the last one. */
	vksession_ok(&story.person, "save", "--stop", "vault");
	vksession_fails(&story.person, 8, "passphrase", "thaw", "--detach", "vault");
	assert_int_equal(vksession_with("something else", "thaw", "--detach", "--passphrase-fd",
					"0", "vault"),
			 8);
	info = session_info(&story.person, "vault");
	assert_string_equal(json_text(info, "state"), "saved");
	assert_string_equal(json_text(info, "encryption"), "passphrase");
	assert_int_equal(
		vksession_with(PASSPHRASE, "thaw", "--detach", "--passphrase-fd", "0", "vault"), 0);
	assert_program_goes_on("vault");
	assert_note_is_there("vault");
	vksession_ok(&story.person, "stop", "vault");
	story_step_done();
}

/* Through a pipe into a session of another name, while the first one is destroyed. */
static void test_move(void **state)
{
	g_autofree char *stream = person_path(&story.person, "stream");
	move_session(&story.person, "vault", "moved", stream);
	vksession_ok(&story.person, "drop", "--shred", "--yes", "vault");
	assert_false(file_has(stream, KNOWN));
	assert_false(file_has(stream, NOTE));
	vksession_ok(&story.person, "verify", "moved");
	assert_int_equal(
		vksession_with(PASSPHRASE, "thaw", "--detach", "--passphrase-fd", "0", "moved"), 0);
	assert_program_goes_on("moved");
	assert_note_is_there("moved");
	vksession_ok(&story.person, "stop", "moved");
	vksession_ok(&story.person, "drop", "--yes", "moved");
	story_step_done();
}

static void start_keyring(void)
{
	const char *const wait[] = { "gdbus",	  "wait", "--session",
				     "--timeout", "60",	  "org.freedesktop.secrets",
				     NULL };
	struct process_request request = { .argv = wait,
					   .environment = story.person.environment,
					   .timeout_ms = 60000 };
	g_auto(ProcessResult) result = { 0 };

	story.keyring = start_process(
		(const char *const[]){ "sh", "-c",
				       "printf password | exec gnome-keyring-daemon --foreground "
				       "--unlock --components=secrets",
				       NULL },
		story.person.environment, -1, story.person.log);
	run_process(&request, &result);
	assert_int_equal(result.status, 0);
}

static void test_keyring(void **state)
{
	g_autofree char *bus =
		g_strdup(g_environ_getenv(story.person.environment, "DBUS_SESSION_BUS_ADDRESS"));

	start_keyring();
	vksession_ok(&story.person, "run", "-s", "ring", "--encrypt", "--detach", "--memory",
		     "512M", "--no-network", "--", "sh", "-c", PROGRAM);
	vksession_ok(&story.person, "save", "--stop", "ring");
	assert_false(session_has("ring", KNOWN));
	vksession_ok(&story.person, "thaw", "--detach", "ring");
	assert_program_goes_on("ring");
	/* Without the service it can be saved, and not thawed; with it again, it can. */
	stop_process(story.keyring);
	story.keyring = 0;
	person_setenv(&story.person, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
	vksession_ok(&story.person, "save", "--stop", "ring");
	vksession_fails(&story.person, 6, "Secret Service", "thaw", "--detach", "ring");
	person_setenv(&story.person, "DBUS_SESSION_BUS_ADDRESS", bus);
	start_keyring();
	vksession_ok(&story.person, "thaw", "--detach", "ring");
	assert_program_goes_on("ring");
	vksession_ok(&story.person, "stop", "ring");
	stop_process(story.keyring);
	story.keyring = 0;
	assert_nothing_runs(&story.person);
	story_step_done();
}

static const struct CMUnitTest steps[] = {
	STORY_STEP(test_nothing_is_readable),
	STORY_STEP(test_incremental),
	STORY_STEP(test_passphrase_is_nowhere),
	STORY_STEP(test_thaw),
	STORY_STEP(test_move),
	STORY_STEP(test_keyring),
};

static void end(void)
{
	if (story.keyring)
		stop_process(story.keyring);
	g_free(story.profile);
	g_free(story.note);
}

STORY_MAIN("encryption", story.person, steps, 400, .end = end)
