/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line with a daemon and without one: the same outputs, messages and statuses. */
#include "bus.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"

/* What happens to a session from its beginning to its end; each line is one command. */
static const char *const story[] = {
	"save none",
	"save ../x",
	"thaw",
	"run -s one -- editor",
	"run -s one --new -- editor",
	"run -s one --memory 1G -- editor",
	"run -s one -- no-such-program",
	"run -s two -- no-such-program",
	"list --json",
	"thaw one",
	"attach one",
	"detach one",
	"detach one",
	"attach one",
	"save one --reason Loud",
	"save one --stop --reason logout",
	"save one",
	"thaw one --save 7",
	"thaw one --detach",
	"stop one",
	"stop one",
	"rollback one 9",
	"rollback one 1 --detach",
	"drop one",
	"drop one --yes",
	"stop one",
	"drop one 1 --yes",
	"drop one --yes",
	"list",
	NULL,
};

/* Words that differ from run to run: times, sizes, durations. */
static char *without_figures(const char *text)
{
	g_autoptr(GRegex) figures = g_regex_new(
		"[0-9]+(\\.[0-9]+)? (ms|s|bytes|[KMG]iB)\\b|[0-9a-f-]{36}|[0-9]{9,}|pid\" : [0-9]+",
		0, 0, NULL);

	return g_regex_replace_literal(figures, text, -1, 0, "#", 0, NULL);
}

static char *run(const char *words)
{
	g_autofree char *line = g_strdup_printf("%s %s", g_getenv("VKSESSION"), words);
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	g_autofree char *out = NULL, *err = NULL, *both = NULL;
	int status = 0;

	assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status,
				 NULL));
	both = g_strdup_printf("%s: %d\n%s%s", words, status, out, err);
	return without_figures(both);
}

static char *tell_story(void)
{
	GString *text = g_string_new(NULL);

	for (const char *const *words = story; *words; words++) {
		g_autofree char *outcome = run(*words);

		g_string_append(text, outcome);
	}
	return g_string_free(text, FALSE);
}

static void assert_same_lines(const char *alone, const char *together)
{
	g_auto(GStrv) one = g_strsplit(alone, "\n", -1);
	g_auto(GStrv) two = g_strsplit(together, "\n", -1);

	for (guint i = 0; one[i] || two[i]; i++) {
		if (g_strcmp0(one[i], two[i]) != 0)
			fail_msg("alone: %s; with a daemon: %s", one[i], two[i]);
	}
}

static void test_same_story(void **state)
{
	g_autofree char *alone = tell_story();
	g_autofree char *together = NULL;
	GPid daemon = bus_start_daemon();

	together = tell_story();
	assert_same_lines(alone, together);
	assert_non_null(strstr(alone, "list: 0"));
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* Whether the last command began a job. */
static gboolean has_job(guint number)
{
	g_autofree char *path = g_strdup_printf("/org/vksession/job/%u", number);
	g_autofree char *kind = bus_property(path, JOB, "Kind");

	return kind != NULL;
}

static void test_daemon_is_used(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autofree char *first = run("run -s here -- editor");
	g_autofree char *elsewhere = NULL, *second = NULL;

	assert_non_null(strstr(first, "session here started"));
	assert_true(has_job(1));
	/* With another store it is not this daemon's business. */
	elsewhere = sandbox_path(state, "elsewhere");
	g_setenv("XDG_STATE_HOME", elsewhere, TRUE);
	second = run("run -s there --detach -- editor");
	assert_non_null(strstr(second, "session there started"));
	assert_false(has_job(2));
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static GPid spawn(const char *words, int *err)
{
	g_autofree char *line = g_strdup_printf("%s %s", g_getenv("VKSESSION"), words);
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	GPid pid;

	assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
					     NULL, &pid, NULL, NULL, err, NULL));
	return pid;
}

static char *finish(GPid pid, int err, int *status)
{
	char text[1024] = "";
	gsize length = 0;
	ssize_t got;

	while ((got = read(err, text + length, sizeof(text) - 1 - length)) > 0)
		length += (gsize)got;
	text[length] = '\0';
	close(err);
	*status = bus_wait_daemon(pid);
	return g_strdup(text);
}

static char *begin_held(void **state, GPid *daemon)
{
	char *fifo = sandbox_path(state, "hold");
	g_autofree char *started = NULL;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	g_setenv("VKS_FAKE_HOLD", fifo, TRUE);
	*daemon = bus_start_daemon();
	started = run("run -s held -- editor");
	return fifo;
}

static void let_go(const char *fifo)
{
	autofd fd = open(fifo, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
}

/* Ctrl-C is the job's Cancel. */
static void test_interrupt(void **state)
{
	GPid daemon, save;
	g_autofree char *fifo = begin_held(state, &daemon);
	g_autofree char *text = NULL, *list = NULL;
	int err, status;

	save = spawn("save held", &err);
	bus_wait_property("/org/vksession/job/2", JOB, "Stage", "'writing memory'");
	assert_int_equal(kill(save, SIGINT), 0);
	bus_wait_property("/org/vksession/job/2", JOB, "Cancelling", "true");
	let_go(fifo);
	text = finish(save, err, &status);
	assert_int_equal(WEXITSTATUS(status), 1);
	if (!strstr(text, "not saved: interrupted; session held goes on"))
		fail_msg("%s", text);
	list = run("saves held");
	assert_non_null(strstr(list, "has no saves"));
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* The daemon is killed while a command waits for it. */
static void test_daemon_killed(void **state)
{
	GPid daemon, save;
	g_autofree char *fifo = begin_held(state, &daemon);
	g_autofree char *text = NULL, *again = NULL;
	int err, status;

	save = spawn("save held", &err);
	bus_wait_property("/org/vksession/job/2", JOB, "Stage", "'writing memory'");
	assert_true(WIFSIGNALED(bus_end_daemon(daemon, SIGKILL)));
	text = finish(save, err, &status);
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_non_null(strstr(text, "the daemon ended while it was at work"));
	g_unsetenv("VKS_FAKE_HOLD");
	again = run("save held");
	assert_non_null(strstr(again, "save held: 0"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bus_setup, bus_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_story),
		TEST(test_daemon_is_used),
		TEST(test_interrupt),
		TEST(test_daemon_killed),
	};

	return cmocka_run_group_tests_name("daemon cli", tests, NULL, NULL);
}
