/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who comes second: real processes of the command line (over the fake of kernel and display) at
 * work on one session at the same time. Exactly one wins, the others are told who holds it.
 */
#include "sandbox.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/lock.h"

#define BUSY	 4
#define MANY	 6u
#define MAX_ARGS 8u

static const char *program;

static GSubprocess *start(const char *const *arguments)
{
	const char *argv[MAX_ARGS] = { program };
	g_autoptr(GError) error = NULL;
	GSubprocess *process;

	for (guint i = 0; arguments[i] && i + 2 < MAX_ARGS; i++)
		argv[i + 1] = arguments[i];
	process = g_subprocess_newv(
		argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
	if (!process)
		fail_msg("%s", error->message);
	return process;
}
#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

/* @return exit status */
static int finish(GSubprocess *process, char **says)
{
	g_autofree char *text = NULL;
	int status;

	assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &text, NULL));
	status = g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
	g_object_unref(process);
	if (says)
		*says = g_steal_pointer(&text);
	return status;
}
#define RUN(...) finish(START(__VA_ARGS__), NULL)

static void assert_busy(const char *holder, const char *const *arguments)
{
	g_autofree char *says = NULL;
	int status = finish(start(arguments), &says);

	if (status != BUSY || !strstr(says, "another vksession is at work on it") ||
	    !strstr(says, holder))
		fail_msg("%s: %d, %s", arguments[0], status, says);
}
#define BUSY_WITH(holder, ...) assert_busy(holder, (const char *const[]){ __VA_ARGS__, NULL })

static char *lock_path(void **state, const char *which)
{
	g_autofree char *name = g_strconcat("state/vksession/.locks/s", which, NULL);

	return sandbox_path(state, name);
}

/* A running session with two saves. */
static int setup(void **state)
{
	if (sandbox_setup(state))
		return -1;
	g_setenv("DISPLAY", ":9", TRUE);
	g_setenv("VKSESSION_NO_BACKGROUND", "1", TRUE);
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	g_unsetenv("VKS_FAKE_HOLD");
	return RUN("run", "-s", "s", "xterm") || RUN("save", "s") || RUN("save", "s");
}

/* A command that stands in its middle until the fifo is closed. */
static GSubprocess *held(void **state, const char *variable, const char *verb, int *release)
{
	g_autofree char *fifo = sandbox_path(state, "hold");
	GSubprocess *process;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	g_setenv(variable, fifo, TRUE);
	process = START(verb, "s");
	*release = open(fifo, O_WRONLY | O_CLOEXEC); /* returns when it stands there */
	g_unsetenv(variable);
	assert_true(*release >= 0);
	return process;
}

/* In its checkpoint. */
static GSubprocess *held_save(void **state, int *release)
{
	return held(state, "VKS_FAKE_HOLD", "save", release);
}

/* In the start of the guest. */
static GSubprocess *held_thaw(void **state, int *release)
{
	return held(state, "VKS_FAKE_HOLD_START", "thaw", release);
}

static void test_during_a_save(void **state)
{
	autofd release = -1;
	GSubprocess *save = held_save(state, &release);

	BUSY_WITH("(save, process", "save", "s");
	BUSY_WITH("(save, process", "thaw", "s");
	BUSY_WITH("(save, process", "stop", "s");
	BUSY_WITH("(save, process", "drop", "-y", "s");
	BUSY_WITH("(save, process", "drop", "-y", "s", "1");
	BUSY_WITH("(save, process", "rollback", "s", "1");
	BUSY_WITH("(save, process", "prune", "s");
	BUSY_WITH("(save, process", "policy", "s", "keep=2");
	/* Looking is free. */
	assert_int_equal(RUN("list"), 0);
	assert_int_equal(RUN("saves", "s"), 0);
	assert_int_equal(RUN("verify", "s"), 0);
	autofd_close(&release);
	release = -1;
	assert_int_equal(finish(save, NULL), 0);
	assert_int_equal(RUN("save", "s"), 0);
}

static void test_during_a_thaw(void **state)
{
	autofd release = -1;
	GSubprocess *thaw;

	assert_int_equal(RUN("save", "--stop", "s"), 0);
	thaw = held_thaw(state, &release);
	BUSY_WITH("(thaw, process", "thaw", "s");
	BUSY_WITH("(thaw, process", "thaw", "s", "--save", "1");
	BUSY_WITH("(thaw, process", "save", "s");
	BUSY_WITH("(thaw, process", "stop", "s");
	BUSY_WITH("(thaw, process", "drop", "-y", "s");
	BUSY_WITH("(thaw, process", "drop", "-y", "s", "3");
	BUSY_WITH("(thaw, process", "rollback", "s", "1");
	BUSY_WITH("(thaw, process", "prune", "s");
	assert_int_equal(RUN("list"), 0);
	assert_int_equal(RUN("verify", "s"), 0);
	autofd_close(&release);
	release = -1;
	assert_int_equal(finish(thaw, NULL), 0);
	assert_int_equal(RUN("save", "s"), 0);
}

/* One that dies there blocks nobody; the save that it was at is thawed by the next. */
static void test_dead_thaw(void **state)
{
	autofd release = -1;
	GSubprocess *thaw;

	assert_int_equal(RUN("save", "--stop", "s"), 0);
	thaw = held_thaw(state, &release);
	g_subprocess_send_signal(thaw, SIGKILL);
	assert_int_equal(finish(thaw, NULL), -1);
	assert_int_equal(RUN("verify", "s"), 0);
	assert_int_equal(RUN("thaw", "s"), 0);
	assert_int_equal(RUN("save", "s"), 0);
}

/* A holder that dies blocks nobody, and what it had begun is gone. */
static void test_dead_holder(void **state)
{
	autofd release = -1;
	GSubprocess *save = held_save(state, &release);
	g_autofree char *saves = sandbox_path(state, "state/vksession/s/saves");
	g_autoptr(GDir) dir = NULL;
	const char *name;

	g_subprocess_send_signal(save, SIGKILL);
	assert_int_equal(finish(save, NULL), -1);
	assert_int_equal(RUN("save", "s"), 0);
	dir = g_dir_open(saves, 0, NULL);
	while ((name = g_dir_read_name(dir)))
		assert_int_not_equal(name[0], '.');
}

/* Many at once: one thaws, the others are told that it is being done, or is done. */
static void test_many_thaws(void **state)
{
	GSubprocess *processes[MANY];
	guint won = 0;

	assert_int_equal(RUN("save", "--stop", "s"), 0);
	for (guint i = 0; i < MANY; i++)
		processes[i] = START("thaw", "s");
	for (guint i = 0; i < MANY; i++) {
		int status = finish(processes[i], NULL);

		assert_true(status == 0 || status == BUSY);
		won += status == 0;
	}
	assert_int_equal(won, 1);
}

/* Each save that says so is there. */
static void test_many_saves(void **state)
{
	GSubprocess *processes[MANY];
	guint won = 0;

	for (guint i = 0; i < MANY; i++)
		processes[i] = START("save", "s");
	for (guint i = 0; i < MANY; i++) {
		int status = finish(processes[i], NULL);

		assert_true(status == 0 || status == BUSY);
		won += status == 0;
	}
	assert_true(won >= 1);
	for (guint i = 1; i <= MANY + 2; i++) {
		g_autofree char *name = g_strdup_printf("state/vksession/s/saves/%u", i);
		g_autofree char *path = sandbox_path(state, name);

		assert_true((access(path, F_OK) == 0) == (i <= won + 2));
	}
	assert_int_equal(RUN("verify", "s"), 0);
}

/* Nothing is removed or rewritten under somebody who reads all saves; saving goes on. */
static void test_during_a_verify(void **state)
{
	g_autofree char *path = lock_path(state, ":saves");
	autofd verify = vks_lock_share(path, "verify", NULL);

	assert_true(verify >= 0);
	assert_int_equal(RUN("policy", "s", "keep=1", "hourly=0", "daily=0", "weekly=0"), 0);
	BUSY_WITH("(verify, process", "drop", "-y", "s", "1");
	BUSY_WITH("(verify, process", "prune", "s");
	assert_int_equal(RUN("verify", "s"), 0);
	assert_int_equal(RUN("save", "s"), 0);
	assert_int_equal(RUN("stop", "s"), 0);
	BUSY_WITH("(verify, process", "drop", "-y", "s");
	autofd_close(&verify);
	verify = -1;
	assert_int_equal(RUN("drop", "-y", "s", "1"), 0);
	assert_int_equal(RUN("prune", "s"), 0);
	assert_int_equal(RUN("verify", "s"), 0);
}

/* Waits until a process waits for a lock. */
static void await_flock(GSubprocess *process)
{
	g_autofree char *path =
		g_strdup_printf("/proc/%s/syscall", g_subprocess_get_identifier(process));
	g_autofree char *flock_now = g_strdup_printf("%d ", SYS_flock);
	g_autofree char *now = NULL;

	while (!now || !g_str_has_prefix(now, flock_now)) {
		g_free(now);
		if (!g_file_get_contents(path, &now, NULL, NULL))
			fail_msg("%s can't be read", path);
		g_usleep(1000);
	}
}

/* Work in the background is waited for, not complained of. */
static void test_during_a_prune(void **state)
{
	g_autofree char *path = lock_path(state, "");
	g_autofree char *background_path = lock_path(state, ":prune");
	autofd background = vks_lock_take(background_path, "prune", FALSE, NULL);
	autofd lock = vks_lock_take(path, "prune", FALSE, NULL);
	GSubprocess *prune, *save;

	assert_true(background >= 0 && lock >= 0);
	/* One of the same kind is no reason to give way. */
	prune = START("prune", "s");
	await_flock(prune);
	assert_false(vks_lock_is_awaited(background_path));
	/* A program in the session is no business of the store's. */
	assert_int_equal(RUN("exec", "s", "--", "true"), 0);
	assert_false(vks_lock_is_awaited(background_path));
	save = START("save", "s");
	/* Whoever works in the background can see that it is waited for, and give way. */
	while (!vks_lock_is_awaited(background_path))
		g_usleep(1000);
	assert_false(vks_lock_is_awaited(path));
	autofd_close(&lock);
	lock = -1;
	autofd_close(&background);
	background = -1;
	assert_int_equal(finish(save, NULL), 0);
	assert_int_equal(finish(prune, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, sandbox_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_during_a_save),   TEST(test_during_a_thaw),  TEST(test_dead_thaw),
		TEST(test_dead_holder),	    TEST(test_many_thaws),     TEST(test_many_saves),
		TEST(test_during_a_verify), TEST(test_during_a_prune),
	};

	if (argc < 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
