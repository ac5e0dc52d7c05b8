/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as its clients see it, over the fake of launcher and xproxy. */
#include "bus.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define ROOT "/org/vksession"

static GVariant *run_arguments(const char *session)
{
	static const char *const command[] = { "editor", "file", NULL };

	return g_variant_new("(s^as@a{sv})", session, command, bus_no_options());
}

static void start_session(const char *session)
{
	g_autoptr(GVariant) result = bus_do("Run", run_arguments(session));
	gboolean created = FALSE;

	assert_true(g_variant_lookup(result, "created", "b", &created) && created);
}

static void save_session(const char *session)
{
	g_autoptr(GVariant)
		result = bus_do("Save", g_variant_new("(s@a{sv})", session, bus_no_options()));

	g_assert_nonnull(result);
}

static void assert_property(const char *path, const char *interface, const char *name,
			    const char *value)
{
	g_autofree char *found = bus_property(path, interface, name);

	assert_non_null(found);
	assert_string_equal(found, value);
}

/* Runs the command line over the fake without the bus. */
static void run_alone(const char *words)
{
	g_autofree char *line = g_strdup_printf("%s %s", g_getenv("VKSESSION"), words);
	g_auto(GStrv) argv = g_strsplit(line, " ", -1);
	g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), "DBUS_SESSION_BUS_ADDRESS");
	int status;

	assert_true(g_spawn_sync(NULL, argv, environment, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
				 NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
}

static void test_session_lives(void **state)
{
	GPid daemon = bus_start_daemon();

	start_session("a.b-1");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "Name", "'a.b-1'");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "State", "'running'");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "Commands", "['editor file']");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "UnsavedChanges", "true");
	/* Who hears that a job has finished finds the session as it is then. */
	save_session("a.b-1");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "LastSave", "1");
	g_variant_unref(bus_do("Stop", g_variant_new("(s)", "a.b-1")));
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "State", "'stopped'");
	g_variant_unref(bus_do("Thaw", g_variant_new("(s@a{sv})", "a.b-1", bus_no_options())));
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "State", "'running'");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "Attached", "true");
	assert_property(ROOT "/session/a_2eb_2d1", SESSION, "Display", "':9'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void assert_refused(const char *method, GVariant *parameters, const char *error_name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;

	assert_null(bus_begin(method, parameters, &error));
	name = g_dbus_error_get_remote_error(error);
	assert_string_equal(name, error_name);
}

static GVariant *with_option(const char *session, const char *option, GVariant *value)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&builder, "{sv}", option, value);
	return g_variant_new("(sa{sv})", session, &builder);
}

static void test_wrong_calls(void **state)
{
	static const char *const nothing[] = { NULL };
	GPid daemon = bus_start_daemon();

	assert_refused("Save", g_variant_new("(s@a{sv})", "../x", bus_no_options()),
		       "org.vksession.Error.Usage");
	assert_refused("Save", with_option("x", "spot", g_variant_new_boolean(TRUE)),
		       "org.freedesktop.DBus.Error.InvalidArgs");
	assert_refused("Save", with_option("x", "stop", g_variant_new_string("yes")),
		       "org.freedesktop.DBus.Error.InvalidArgs");
	assert_refused("Save", with_option("x", "reason", g_variant_new_string("a\nb")),
		       "org.freedesktop.DBus.Error.InvalidArgs");
	assert_refused("Run", g_variant_new("(s^as@a{sv})", "x", nothing, bus_no_options()),
		       "org.freedesktop.DBus.Error.InvalidArgs");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void assert_fails(const char *method, GVariant *parameters, const char *error_name)
{
	g_autofree char *job = bus_begin(method, parameters, NULL);
	g_autofree char *quoted = g_strdup_printf("'%s'", error_name);
	g_autofree char *end = bus_finish(job);

	assert_string_equal(end, "failed");
	assert_property(job, JOB, "ErrorName", quoted);
}

static void test_failures(void **state)
{
	GPid daemon = bus_start_daemon();

	assert_fails("Save", g_variant_new("(s@a{sv})", "none", bus_no_options()),
		     "org.vksession.Error.NotFound");
	start_session("one");
	assert_fails("Thaw", g_variant_new("(s@a{sv})", "one", bus_no_options()),
		     "org.vksession.Error.State");
	g_variant_unref(bus_do("Stop", g_variant_new("(s)", "one")));
	assert_fails("Thaw", g_variant_new("(s@a{sv})", "one", bus_no_options()),
		     "org.vksession.Error.NotFound");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* What others do shows without a call. */
static void test_others(void **state)
{
	GPid daemon = bus_start_daemon();

	run_alone("run -s other -- editor");
	bus_wait_property(ROOT "/session/other", SESSION, "State", "'running'");
	run_alone("save other");
	bus_wait_property(ROOT "/session/other", SESSION, "LastSave", "1");
	run_alone("detach other");
	bus_wait_property(ROOT "/session/other", SESSION, "Attached", "false");
	run_alone("save other --stop");
	bus_wait_property(ROOT "/session/other", SESSION, "State", "'saved'");
	run_alone("thaw other");
	bus_wait_property(ROOT "/session/other", SESSION, "State", "'running'");
	run_alone("stop other");
	bus_wait_property(ROOT "/session/other", SESSION, "State", "'stopped'");
	run_alone("drop other --yes");
	bus_wait_property(ROOT "/session/other", SESSION, "Name", NULL);
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_killed_and_adopted(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) names = NULL;
	g_autofree char *text = NULL;

	start_session("kept");
	assert_true(WIFSIGNALED(bus_end_daemon(daemon, SIGKILL)));
	daemon = bus_start_daemon();
	assert_property(ROOT "/session/kept", SESSION, "State", "'running'");
	names = bus_call(ROOT, MANAGER, "Adopt", NULL, NULL);
	text = g_variant_print(names, FALSE);
	assert_string_equal(text, "(['kept'],)");
	save_session("kept");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_second_daemon(void **state)
{
	GPid daemon = bus_start_daemon();

	assert_int_equal(bus_wait_daemon(bus_spawn_daemon()), 0);
	start_session("here");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_bus_ends(void **state)
{
	GPid daemon = bus_start_daemon();

	start_session("alone");
	bus_down();
	assert_int_equal(bus_wait_daemon(daemon), 0);
	run_alone("save alone");
}

/* A save that stands still until the fifo is opened and closed. */
static char *hold_saves(void **state)
{
	char *fifo = sandbox_path(state, "hold");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	g_setenv("VKS_FAKE_HOLD", fifo, TRUE);
	return fifo;
}

static void let_go(const char *fifo)
{
	autofd fd = open(fifo, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
}

static void test_cancel(void **state)
{
	g_autofree char *fifo = hold_saves(state);
	g_autofree char *job = NULL, *end = NULL;
	GPid daemon = bus_start_daemon();

	start_session("undecided");
	job = bus_begin("Save", g_variant_new("(s@a{sv})", "undecided", bus_no_options()), NULL);
	bus_wait_property(ROOT "/session/undecided", SESSION, "Activity", "'saving'");
	bus_wait_property(job, JOB, "Stage", "'writing memory'");
	g_variant_unref(bus_call(job, JOB, "Cancel", NULL, NULL));
	let_go(fifo);
	end = bus_finish(job);
	assert_string_equal(end, "cancelled");
	assert_property(job, JOB, "ErrorName", "'org.vksession.Error.Cancelled'");
	assert_property(ROOT "/session/undecided", SESSION, "Activity", "''");
	assert_property(ROOT "/session/undecided", SESSION, "State", "'running'");
	assert_property(ROOT "/session/undecided", SESSION, "LastSave", "0");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* Told to end, it brings what it is at to its end first. */
static void test_ends_after_work(void **state)
{
	g_autofree char *fifo = hold_saves(state);
	g_autofree char *job = NULL, *save = NULL;
	GPid daemon = bus_start_daemon();

	start_session("busy");
	job = bus_begin("Save", g_variant_new("(s@a{sv})", "busy", bus_no_options()), NULL);
	bus_wait_property(job, JOB, "Stage", "'writing memory'");
	assert_fails("Save", g_variant_new("(s@a{sv})", "busy", bus_no_options()),
		     "org.vksession.Error.State");
	assert_int_equal(kill(daemon, SIGTERM), 0);
	let_go(fifo);
	assert_int_equal(bus_wait_daemon(daemon), 0);
	save = sandbox_path(state, "state/vksession/busy/saves/1/manifest.json");
	assert_int_equal(access(save, F_OK), 0);
}

static GVariant *save_all(const char *reason, gboolean stop)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&builder, "{sv}", "reason", g_variant_new_string(reason));
	g_variant_builder_add(&builder, "{sv}", "stop", g_variant_new_boolean(stop));
	g_variant_builder_add(&builder, "{sv}", "deadline", g_variant_new_uint64(0));
	return g_variant_new("(a{sv})", &builder);
}

static guint length_of(GVariant *result, const char *key)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(result, key, NULL);

	assert_non_null(list);
	return (guint)g_variant_n_children(list);
}

static void test_end_and_restore(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) saved = NULL, restored = NULL;

	assert_property(ROOT, MANAGER, "LastShutdown", "'unknown'");
	start_session("one");
	start_session("two");
	start_session("by-hand");
	g_variant_unref(
		bus_do("Save", with_option("by-hand", "stop", g_variant_new_boolean(TRUE))));
	saved = bus_do("SaveAll", save_all("shutdown", TRUE));
	assert_int_equal(length_of(saved, "saved"), 2);
	assert_int_equal(length_of(saved, "failed"), 0);
	assert_int_equal(length_of(saved, "late"), 2);
	assert_property(ROOT "/session/one", SESSION, "State", "'saved'");
	assert_true(WIFSIGNALED(bus_end_daemon(daemon, SIGKILL)));

	daemon = bus_start_daemon();
	assert_property(ROOT, MANAGER, "LastShutdown", "'clean'");
	g_variant_unref(bus_call(
		ROOT "/session/two", "org.freedesktop.DBus.Properties", "Set",
		g_variant_new("(ssv)", SESSION, "Restore", g_variant_new_string("ask")), NULL));
	restored = bus_do("Restore", g_variant_new("(@a{sv})", bus_no_options()));
	assert_int_equal(length_of(restored, "thawed"), 1);
	assert_int_equal(length_of(restored, "ask"), 1);
	assert_int_equal(length_of(restored, "crashed"), 0);
	assert_property(ROOT "/session/one", SESSION, "State", "'running'");
	assert_property(ROOT "/session/two", SESSION, "State", "'saved'");
	assert_property(ROOT "/session/by_2dhand", SESSION, "State", "'saved'");
	assert_true(WIFSIGNALED(bus_end_daemon(daemon, SIGKILL)));

	/* Killed in the same run of the machine: that says nothing of the machine. */
	daemon = bus_start_daemon();
	assert_property(ROOT, MANAGER, "LastShutdown", "'clean'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* Starts a session that is encrypted with a passphrase; without the bus. */
static void start_secret_session(void)
{
	char line[] = "echo correct horse | env -u DBUS_SESSION_BUS_ADDRESS \"$VKSESSION\" "
		      "run -s secret --encrypt=passphrase --passphrase-fd 0 --detach -- editor";
	char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
	int status = -1;

	assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
				 NULL, NULL, NULL, NULL, &status, NULL));
	assert_int_equal(status, 0);
}

/* Begins to thaw a session with a passphrase that the daemon reads from a pipe. */
static char *begin_unlock(const char *session, const char *passphrase)
{
	g_autoptr(GUnixFDList) fds = NULL;
	g_autoptr(GVariant) reply = NULL;
	char *job;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(write(ends[1], passphrase, strlen(passphrase)) > 0);
	close(ends[1]);
	fds = g_unix_fd_list_new_from_array(ends, 1);
	reply = g_dbus_connection_call_with_unix_fd_list_sync(
		bus_connection(), "org.vksession", ROOT, MANAGER, "Thaw",
		with_option(session, "passphrase", g_variant_new_handle(0)), NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, fds, NULL, NULL, NULL);
	assert_non_null(reply);
	g_variant_get(reply, "(o)", &job);
	return job;
}

/* Nobody is there to be asked when the login brings sessions back; who is there later can tell. */
static void test_locked(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) restored = NULL;
	g_autofree char *wrong = NULL, *wrong_end = NULL, *right = NULL, *right_end = NULL;

	start_secret_session();
	bus_wait_property(ROOT "/session/secret", SESSION, "State", "'running'");
	run_alone("save secret --stop --reason shutdown");
	restored = bus_do("Restore", g_variant_new("(@a{sv})", bus_no_options()));
	assert_int_equal(length_of(restored, "failed"), 0);
	assert_int_equal(length_of(restored, "locked"), 1);
	assert_fails("Thaw", g_variant_new("(s@a{sv})", "secret", bus_no_options()),
		     "org.vksession.Error.Locked");
	assert_refused("Thaw", with_option("secret", "passphrase", g_variant_new_handle(0)),
		       "org.freedesktop.DBus.Error.InvalidArgs");
	wrong = begin_unlock("secret", "battery staple\n");
	wrong_end = bus_finish(wrong);
	assert_string_equal(wrong_end, "failed");
	assert_property(wrong, JOB, "ErrorName", "'org.vksession.Error.Locked'");
	right = begin_unlock("secret", "correct horse\n");
	right_end = bus_finish(right);
	assert_string_equal(right_end, "done");
	assert_property(ROOT "/session/secret", SESSION, "State", "'running'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* More sessions than processors: all come back, those first that were saved first. */
static void test_restores_many(void **state)
{
	static const char *const sessions[] = { "third", "first", "second", "last" };
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) restored = NULL, thawed = NULL;
	g_autofree char *text = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(sessions); i++) {
		g_autofree char *save =
			g_strdup_printf("save %s --stop --reason shutdown", sessions[i]);

		start_session(sessions[i]);
		run_alone(save);
	}
	restored = bus_do("Restore", g_variant_new("(@a{sv})", bus_no_options()));
	thawed = g_variant_lookup_value(restored, "thawed", NULL);
	text = g_variant_print(thawed, FALSE);
	assert_string_equal(text, "['third', 'first', 'second', 'last']");
	assert_property(ROOT "/session/last", SESSION, "State", "'running'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* The note of another boot that was not crossed out. */
static void test_machine_crashed(void **state)
{
	GPid daemon;

	g_mkdir_with_parents(g_getenv("XDG_STATE_HOME"), 0700);
	sandbox_write(state, "state/vksession/.daemon",
		      "[daemon]\nboot=another\nlast=clean\nclean=false\n");
	daemon = bus_start_daemon();
	assert_property(ROOT, MANAGER, "LastShutdown", "'crash'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_crashed_session(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) restored = NULL;
	g_autofree char *running = sandbox_path(state, "run/vksession/fallen/running");

	start_session("fallen");
	save_session("fallen");
	assert_int_equal(unlink(running), 0);
	g_variant_unref(bus_call(ROOT, MANAGER, "Adopt", NULL, NULL));
	bus_wait_property(ROOT "/session/fallen", SESSION, "State", "'crashed'");
	restored = bus_do("Restore", g_variant_new("(@a{sv})", bus_no_options()));
	assert_int_equal(length_of(restored, "thawed"), 1);
	assert_int_equal(length_of(restored, "crashed"), 1);
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* A viewer that the daemon starts belongs to the desktop of who asks, not to the daemon's. */
static void test_desktop_of_caller(void **state)
{
	static const char *const login[] = { "DISPLAY=:10", "XAUTHORITY=/run/login", NULL };
	GPid daemon = bus_start_daemon();
	g_autofree char *authority = NULL;
	GVariantBuilder options;

	start_session("shown");
	save_session("shown");
	run_alone("save shown --stop --reason shutdown");
	bus_wait_property(ROOT "/session/shown", SESSION, "State", "'saved'");
	g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&options, "{sv}", "environment", g_variant_new_strv(login, -1));
	g_variant_unref(bus_do("Restore", g_variant_new("(a{sv})", &options)));
	assert_property(ROOT "/session/shown", SESSION, "Display", "':10'");
	authority = sandbox_read(state, "run/vksession/shown/authority");
	assert_string_equal(authority, "/run/login");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

/* Pictures: of one that runs as the viewer left it, else that of its last save. */
static void test_thumbnail(void **state)
{
	g_autofree char *saved = sandbox_path(state, "state/vksession/seen/saves/1/thumbnail.png");
	g_autofree char *current = sandbox_path(state, "run/vksession/seen/thumbnail.png");
	g_autofree char *saved_text = g_strdup_printf("'%s'", saved);
	g_autofree char *current_text = g_strdup_printf("'%s'", current);
	GPid daemon = bus_start_daemon();
	g_autofree char *saves = NULL;

	start_session("seen");
	assert_property(ROOT "/session/seen", SESSION, "Thumbnail", "''");
	save_session("seen");
	assert_property(ROOT "/session/seen", SESSION, "Thumbnail", current_text);
	g_variant_unref(bus_do("Stop", g_variant_new("(s)", "seen")));
	assert_property(ROOT "/session/seen", SESSION, "Thumbnail", saved_text);
	saves = bus_property(ROOT "/session/seen", SESSION, "Saves");
	assert_non_null(strstr(saves, saved_text));
	assert_non_null(strstr(saves, "'pause_us': <uint64 2040>"));
	assert_non_null(strstr(saves, "'total_us'"));
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void wait_pruned(const char *job)
{
	bus_wait_property(job, JOB, "Kind", "'prune'");
	bus_wait_property(job, JOB, "State", "'done'");
}

/* What any kind of save leaves is put in order; each of these is the job after that of the work. */
static void test_pruned_after_saves(void **state)
{
	GPid daemon = bus_start_daemon();

	start_session("many");
	save_session("many");
	wait_pruned(ROOT "/job/3");
	g_variant_unref(bus_do("SaveAll", g_variant_new("(@a{sv})", bus_no_options())));
	wait_pruned(ROOT "/job/5");
	g_variant_unref(
		bus_do("Rollback", g_variant_new("(su@a{sv})", "many", 1, bus_no_options())));
	wait_pruned(ROOT "/job/7");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void copy_program(const char *from, const char *to)
{
	g_autofree char *temporary = g_strconcat(to, ".new", NULL);
	gsize length;
	g_autofree char *program = NULL;

	assert_true(g_file_get_contents(from, &program, &length, NULL));
	assert_true(g_file_set_contents_full(temporary, program, (gssize)length,
					     G_FILE_SET_CONTENTS_NONE, 0700, NULL));
	assert_int_equal(rename(temporary, to), 0);
}

/* Another program is put in the place of the one that runs, as a package manager does it. */
static void test_upgrade(void **state)
{
	g_autofree char *original = g_strdup(g_getenv("VKSESSIOND"));
	g_autofree char *program = sandbox_path(state, "vksessiond");
	g_autofree char *before = NULL;
	GPid daemon;

	copy_program(original, program);
	g_setenv("VKSESSIOND", program, TRUE);
	daemon = bus_start_daemon();
	g_setenv("VKSESSIOND", original, TRUE);
	start_session("kept");
	before = bus_owner();
	copy_program(original, program);
	bus_wait_new_owner(before);
	bus_wait_property(ROOT "/session/kept", SESSION, "State", "'running'");
	save_session("kept");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_rollback(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GVariant) result = NULL;
	guint number = 0, undo = 0;

	start_session("back");
	save_session("back");
	save_session("back");
	result = bus_do("Rollback", g_variant_new("(su@a{sv})", "back", 1, bus_no_options()));
	assert_true(g_variant_lookup(result, "number", "u", &number));
	assert_true(g_variant_lookup(result, "undo", "u", &undo));
	assert_int_equal(number, 1);
	assert_int_equal(undo, 3);
	assert_property(ROOT "/session/back", SESSION, "State", "'running'");
	assert_property(ROOT "/session/back", SESSION, "Attached", "true");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

static void test_restore_property(void **state)
{
	GPid daemon = bus_start_daemon();
	g_autoptr(GError) error = NULL;

	start_session("set");
	assert_property(ROOT "/session/set", SESSION, "Restore", "'always'");
	g_variant_unref(bus_call(
		ROOT "/session/set", "org.freedesktop.DBus.Properties", "Set",
		g_variant_new("(ssv)", SESSION, "Restore", g_variant_new_string("never")), NULL));
	bus_wait_property(ROOT "/session/set", SESSION, "Restore", "'never'");
	assert_null(bus_call(ROOT "/session/set", "org.freedesktop.DBus.Properties", "Set",
			     g_variant_new("(ssv)", SESSION, "Restore", g_variant_new_string("x")),
			     &error));
	assert_true(WIFSIGNALED(bus_end_daemon(daemon, SIGKILL)));
	daemon = bus_start_daemon();
	assert_property(ROOT "/session/set", SESSION, "Restore", "'never'");
	assert_int_equal(bus_end_daemon(daemon, SIGTERM), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bus_setup, bus_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_session_lives),
		TEST(test_wrong_calls),
		TEST(test_failures),
		TEST(test_others),
		TEST(test_killed_and_adopted),
		TEST(test_second_daemon),
		TEST(test_bus_ends),
		TEST(test_cancel),
		TEST(test_ends_after_work),
		TEST(test_end_and_restore),
		TEST(test_locked),
		TEST(test_restores_many),
		TEST(test_machine_crashed),
		TEST(test_crashed_session),
		TEST(test_rollback),
		TEST(test_restore_property),
		TEST(test_desktop_of_caller),
		TEST(test_thumbnail),
		TEST(test_pruned_after_saves),
		TEST(test_upgrade),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
