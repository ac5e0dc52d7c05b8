/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What notifications tell of the daemon's work, and what their buttons do. The daemon and the
 * notification server are both played by the test, on a bus of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <libnotify/notify.h>

#include "desktop/notices.h"
#include "desktop/requests.h"
#include "fake-daemon.h"

#define NAME	     "org.vksession"
#define ROOT	     "/org/vksession"
#define SESSION_PATH ROOT "/session/work"
#define SERVER	     "org.freedesktop.Notifications"
#define SERVER_PATH  "/org/freedesktop/Notifications"
#define TIMEOUT_S    30
#define QUICK_MS     500  /* work that is not worth a notification */
#define QUIET_MS     1500 /* after which one would have come */

static const char server_interface[] =
	"<node><interface name='org.freedesktop.Notifications'>"
	"<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
	"<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
	"<arg type='i' direction='in'/><arg type='u' direction='out'/></method>"
	"<method name='CloseNotification'><arg type='u' direction='in'/></method>"
	"<method name='GetCapabilities'><arg type='as' direction='out'/></method>"
	"<method name='GetServerInformation'><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/></method>"
	"<signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>"
	"</interface></node>";

static struct {
	FakeDaemon daemon;
	GThread *server; /* libnotify waits for its answers, so it has a thread of its own */
	GMainLoop *server_loop;
	DesktopSessions *sessions;
	Notices *notices;
	/* What was seen */
	int id; /* of the last notification */
	guint notified, closed;
	GVariant *last; /* arguments of the last Notify */
	char *asked;	/* the last call to the daemon, as text */
	char *passed;	/* what could be read from the descriptor that came with it */
	char *shown;	/* the session whose changes were shown */
	char *wanted;	/* whose passphrase was asked for, and why */
	gboolean has_changes;
} play;

/* Waiting */

static gboolean on_timeout(gpointer what)
{
	fail_msg("waited in vain for %s", (const char *)what);
	return G_SOURCE_REMOVE;
}

static void wait_for(gboolean (*holds)(void), const char *what)
{
	guint timeout = g_timeout_add_seconds(TIMEOUT_S, on_timeout, (gpointer)what);

	while (!holds())
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timeout);
}

static gboolean on_passed(gpointer passed)
{
	*(gboolean *)passed = TRUE;
	return G_SOURCE_REMOVE;
}

static void run_for(guint ms)
{
	gboolean passed = FALSE;

	g_timeout_add(ms, on_passed, &passed);
	while (!passed)
		g_main_context_iteration(NULL, TRUE);
}

static gboolean is_connected(void)
{
	g_autoptr(VksBusSession1) session = desktop_sessions_find(play.sessions, "work");

	return session && desktop_sessions_manager(play.sessions);
}

static gboolean is_notified(void)
{
	return play.notified > 0;
}

static gboolean is_closed(void)
{
	return play.closed > 0;
}

static gboolean is_asked(void)
{
	return play.asked != NULL;
}

static gboolean is_wanted(void)
{
	return play.wanted != NULL;
}

static gboolean is_shown(void)
{
	return play.shown != NULL;
}

/* The notification server; what it is told is noted in the main thread. */

static gboolean note_notify(gpointer parameters)
{
	g_clear_pointer(&play.last, g_variant_unref);
	play.last = parameters;
	play.notified++;
	return G_SOURCE_REMOVE;
}

static gboolean note_close(gpointer nothing)
{
	play.closed++;
	return G_SOURCE_REMOVE;
}

static void on_server_call(GDBusConnection *connection, const char *sender, const char *path,
			   const char *interface, const char *method, GVariant *parameters,
			   GDBusMethodInvocation *invocation, gpointer user_data)
{
	static const char *const capabilities[] = { "actions", "body", "persistence", NULL };
	GVariant *answer = NULL;

	if (g_str_equal(method, "Notify")) {
		g_idle_add(note_notify, g_variant_ref(parameters));
		answer = g_variant_new("(u)", g_atomic_int_add(&play.id, 1) + 1);
	} else if (g_str_equal(method, "CloseNotification")) {
		g_idle_add(note_close, NULL);
	} else if (g_str_equal(method, "GetCapabilities")) {
		answer = g_variant_new("(^as)", capabilities);
	} else {
		answer = g_variant_new("(ssss)", "play", "test", "1", "1.2");
	}
	g_dbus_method_invocation_return_value(invocation, answer);
}

static void click(const char *action)
{
	assert_true(g_dbus_connection_emit_signal(
		play.daemon.connection, NULL, SERVER_PATH, SERVER, "ActionInvoked",
		g_variant_new("(us)", g_atomic_int_get(&play.id), action), NULL));
}

/* One argument of the last notification, borrowed. 3: summary, 4: text */
static const char *said(gsize argument)
{
	const char *text;

	g_variant_get_child(play.last, argument, "&s", &text);
	return text;
}

static void assert_offered(const char *const *labels)
{
	g_autofree const char **actions = NULL;
	guint n = g_strv_length((char **)labels);

	g_variant_get_child(play.last, 5, "^a&s", &actions);
	assert_int_equal(g_strv_length((char **)actions), 2 * n);
	for (guint i = 0; i < n; i++)
		assert_string_equal(actions[2 * i + 1], labels[i]);
}
#define OFFERED(...) assert_offered((const char *const[]){ __VA_ARGS__, NULL })

/* The daemon */

static gboolean on_asked(VksBusManager1 *manager, GDBusMethodInvocation *invocation)
{
	GVariant *parameters = g_dbus_method_invocation_get_parameters(invocation);
	g_autoptr(GVariant) name = g_variant_get_child_value(parameters, 0);
	g_autofree char *text = g_variant_print(parameters, FALSE);

	g_free(play.passed);
	play.passed = fake_daemon_read_passed(invocation);
	g_free(play.asked);
	play.asked = g_strdup_printf("%s %s", g_dbus_method_invocation_get_method_name(invocation),
				     text);
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", ROOT "/job/9"));
	return TRUE;
}

static gboolean on_save(VksBusManager1 *manager, GDBusMethodInvocation *invocation,
			const char *session, GVariant *options, gpointer data)
{
	return on_asked(manager, invocation);
}

static gboolean on_rollback(VksBusManager1 *manager, GDBusMethodInvocation *invocation,
			    const char *session, guint number, GVariant *options, gpointer data)
{
	return on_asked(manager, invocation);
}

static GVariant *changes(void)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sss)"));
	if (play.has_changes)
		g_variant_builder_add(&builder, "(sss)", "/home/a", "changed", "is read anew");
	return g_variant_builder_end(&builder);
}

static gboolean on_get_thaw_report(VksBusSession1 *session, GDBusMethodInvocation *invocation,
				   gpointer data)
{
	vks_bus_session1_complete_get_thaw_report(session, invocation, changes());
	return TRUE;
}

static gboolean on_preview_thaw(VksBusSession1 *session, GDBusMethodInvocation *invocation,
				guint number, gpointer data)
{
	vks_bus_session1_complete_preview_thaw(session, invocation, changes());
	return TRUE;
}

static VksBusJob1 *begin_job(const char *kind, const char *session)
{
	g_autoptr(VksBusObjectSkeleton) object = vks_bus_object_skeleton_new(ROOT "/job/1");
	VksBusJob1 *job = vks_bus_job1_skeleton_new();

	vks_bus_job1_set_kind(job, kind);
	vks_bus_job1_set_session(job, session);
	vks_bus_job1_set_state(job, "running");
	vks_bus_job1_set_stage(job, "writing memory");
	vks_bus_job1_set_done(job, 30);
	vks_bus_job1_set_total(job, 120);
	vks_bus_job1_set_result(job, g_variant_new("a{sv}", NULL));
	vks_bus_object_skeleton_set_job1(object, job);
	g_dbus_object_manager_server_export(play.daemon.objects, G_DBUS_OBJECT_SKELETON(object));
	return job;
}

static void end_job(VksBusJob1 *job, const char *state, const char *message, GVariant *result)
{
	vks_bus_job1_set_state(job, state);
	vks_bus_job1_set_error_message(job, message);
	if (result)
		vks_bus_job1_set_result(job, result);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(job));
	vks_bus_job1_emit_finished(job, state);
	g_object_unref(job);
}

static GVariant *names(const char *key, const char *name, const char *other_key)
{
	const char *const list[] = { name, NULL };
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert_value(&dict, key, g_variant_new_strv(list, -1));
	if (other_key)
		g_variant_dict_insert_value(&dict, other_key, g_variant_new_strv(list, -1));
	return g_variant_dict_end(&dict);
}

/* Tests */

static void test_quick_work_is_silent(void **state)
{
	VksBusJob1 *job = begin_job("save", "work");

	run_for(QUICK_MS);
	end_job(job, "done", "", NULL);
	run_for(QUIET_MS);
	assert_int_equal(play.notified, 0);
}

static void test_long_work_shows_progress(void **state)
{
	VksBusJob1 *job = begin_job("save", "work");
	g_autoptr(GVariant) hints = NULL;
	gint32 percent = 0;

	wait_for(is_notified, "a notification of progress");
	assert_string_equal(said(3), "Saving “work”");
	assert_string_equal(said(4), "writing memory");
	hints = g_variant_get_child_value(play.last, 6);
	assert_true(g_variant_lookup(hints, "value", "i", &percent));
	assert_int_equal(percent, 25);
	end_job(job, "done", "", NULL);
	wait_for(is_closed, "the end of the progress");
}

static void test_failure_is_tried_again(void **state)
{
	end_job(begin_job("save", "work"), "failed", "not saved: the disk is full; it goes on",
		NULL);
	wait_for(is_notified, "a notification of the failure");
	assert_string_equal(said(3), "“work” was not saved");
	assert_string_equal(said(4), "not saved: the disk is full; it goes on");
	OFFERED("Try again");
	click("again");
	wait_for(is_asked, "the second try");
	assert_string_equal(play.asked, "Save ('work', {'stop': <false>})");
}

static void test_thaw_is_undone(void **state)
{
	vks_bus_session1_set_state(play.daemon.session, "running");
	play.has_changes = TRUE;
	end_job(begin_job("thaw", "work"), "done", "", NULL);
	wait_for(is_notified, "a notification of the thaw");
	assert_string_equal(said(3), "“work” is back");
	assert_non_null(strstr(said(4), "1 file that it uses has been changed on the disk since."));
	OFFERED("Show what changed", "Undo");
	click("changes");
	wait_for(is_shown, "the changes");
	assert_string_equal(play.shown, "work");
	click("undo");
	wait_for(is_asked, "the undoing");
	assert_string_equal(play.asked, "Save ('work', {'stop': <true>})");
}

static void test_rollback_is_undone(void **state)
{
	GVariantDict result;

	g_variant_dict_init(&result, NULL);
	g_variant_dict_insert(&result, "number", "u", 2);
	g_variant_dict_insert(&result, "undo", "u", 5);
	end_job(begin_job("rollback", "work"), "done", "", g_variant_dict_end(&result));
	wait_for(is_notified, "a notification of the way back");
	assert_string_equal(said(3), "“work” went back to save 2");
	OFFERED("Undo");
	click("undo");
	wait_for(is_asked, "the undoing");
	assert_true(g_str_has_prefix(play.asked, "Rollback ('work', 5, {"));
}

/* After a crash: the older save is offered, with its age and what is not as it was. */
static void test_crash_offers_the_older_save(void **state)
{
	vks_bus_session1_set_state(play.daemon.session, "crashed");
	play.has_changes = TRUE;
	end_job(begin_job("restore", ""), "done", "", names("ask", "work", "crashed"));
	wait_for(is_notified, "the offer");
	assert_string_equal(said(3), "Bring “work” back?");
	assert_string_equal(said(4), "It ended without a save. The last save is from 2 hours ago. "
				     "1 file that it uses has been changed on the disk since.");
	/* By its button, and by a click on the notification itself. */
	OFFERED("Bring it back", "Bring it back", "Show what changed");
	click("thaw");
	wait_for(is_asked, "the thaw");
	g_clear_pointer(&play.asked, g_free);
	click("default");
	wait_for(is_asked, "the thaw by a click");
	assert_true(g_str_has_prefix(play.asked, "Thaw ('work', {"));
}

static void test_crash_that_was_brought_back(void **state)
{
	vks_bus_session1_set_state(play.daemon.session, "running");
	end_job(begin_job("restore", ""), "done", "", names("thawed", "work", "crashed"));
	wait_for(is_notified, "the report");
	assert_string_equal(said(3), "“work” is back");
	assert_string_equal(said(4), "It had ended without a save, and is as of the last one: "
				     "2 hours ago.");
	OFFERED("Undo");
}

/* The login finds a session locked: whoever is there is asked, again if the answer was wrong. */
static void test_locked_at_login(void **state)
{
	static const char why[] = "that is another passphrase";
	VksBusJob1 *job;

	vks_bus_session1_set_encryption(play.daemon.session, "passphrase");
	vks_bus_session1_set_state(play.daemon.session, "saved");
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(play.daemon.session));
	end_job(begin_job("restore", ""), "done", "", names("locked", "work", NULL));
	wait_for(is_wanted, "the question");
	assert_string_equal(play.wanted, "work: ");
	assert_null(play.asked);
	g_clear_pointer(&play.wanted, g_free);
	request_unlock("work", "correct horse");
	wait_for(is_asked, "the thaw");
	assert_string_equal(play.passed, "correct horse");
	assert_null(strstr(play.asked, "correct horse"));
	g_dbus_object_manager_server_unexport(play.daemon.objects, ROOT "/job/1");
	job = begin_job("thaw", "work");
	vks_bus_job1_set_error_name(job, "org.vksession.Error.Locked");
	end_job(job, "failed", why, NULL);
	wait_for(is_wanted, "the question once more");
	assert_string_equal(play.wanted, "work: that is another passphrase");
	assert_int_equal(play.notified, 0);
}

/* The players */

static void serve(void)
{
	static const GDBusInterfaceVTable vtable = { .method_call = on_server_call };
	g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml(server_interface, NULL);

	assert_non_null(info);
	assert_true(g_dbus_connection_register_object(play.daemon.connection, SERVER_PATH,
						      info->interfaces[0], &vtable, NULL, NULL,
						      NULL) > 0);
	g_main_loop_run(play.server_loop);
}

static gpointer play_server(gpointer context)
{
	g_main_context_push_thread_default(context);
	serve();
	g_main_context_pop_thread_default(context);
	g_main_context_unref(context);
	return NULL;
}

static void start_server(void)
{
	GMainContext *context = g_main_context_new();

	play.server_loop = g_main_loop_new(context, FALSE);
	play.server = g_thread_new("server", play_server, context);
	while (!g_main_loop_is_running(play.server_loop))
		g_thread_yield();
}

static void on_show_changes(const char *session, gpointer user_data)
{
	g_free(play.shown);
	play.shown = g_strdup(session);
}

static void on_failed(const char *message, gpointer user_data)
{
	notices_failed(message, play.notices);
}

static void on_passphrase(const char *session, const char *why, gpointer user_data)
{
	g_free(play.wanted);
	play.wanted = g_strdup_printf("%s: %s", session, why ? why : "");
}

static int set_up(void **state)
{
	static const RequestsAnswerer answerer = { .failed = on_failed,
						   .ask_passphrase = on_passphrase };

	fake_daemon_start(&play.daemon);
	g_signal_connect(play.daemon.manager, "handle-save", G_CALLBACK(on_save), NULL);
	g_signal_connect(play.daemon.manager, "handle-thaw", G_CALLBACK(on_save), NULL);
	g_signal_connect(play.daemon.manager, "handle-rollback", G_CALLBACK(on_rollback), NULL);
	g_signal_connect(play.daemon.session, "handle-get-thaw-report",
			 G_CALLBACK(on_get_thaw_report), NULL);
	g_signal_connect(play.daemon.session, "handle-preview-thaw", G_CALLBACK(on_preview_thaw),
			 NULL);
	start_server();
	fake_daemon_own(&play.daemon, SERVER);
	assert_true(notify_init("vksession"));
	play.sessions = desktop_sessions_new();
	play.notices = notices_new(play.sessions, on_show_changes, NULL);
	requests_init(play.sessions, &answerer);
	wait_for(is_connected, "the daemon's objects");
	return 0;
}

static int begin(void **state)
{
	g_dbus_object_manager_server_unexport(play.daemon.objects, ROOT "/job/1");
	g_clear_pointer(&play.last, g_variant_unref);
	g_clear_pointer(&play.asked, g_free);
	g_clear_pointer(&play.shown, g_free);
	g_clear_pointer(&play.wanted, g_free);
	g_clear_pointer(&play.passed, g_free);
	play.notified = play.closed = 0;
	play.has_changes = FALSE;
	return 0;
}

static int tear_down(void **state)
{
	begin(state);
	notices_free(play.notices);
	g_object_unref(play.sessions);
	notify_uninit();
	g_main_loop_quit(play.server_loop);
	g_thread_join(play.server);
	g_main_loop_unref(play.server_loop);
	fake_daemon_stop(&play.daemon);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_quick_work_is_silent, begin),
		cmocka_unit_test_setup(test_long_work_shows_progress, begin),
		cmocka_unit_test_setup(test_failure_is_tried_again, begin),
		cmocka_unit_test_setup(test_thaw_is_undone, begin),
		cmocka_unit_test_setup(test_rollback_is_undone, begin),
		cmocka_unit_test_setup(test_crash_offers_the_older_save, begin),
		cmocka_unit_test_setup(test_crash_that_was_brought_back, begin),
		cmocka_unit_test_setup(test_locked_at_login, begin),
	};

	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	return cmocka_run_group_tests_name("notices", tests, set_up, tear_down);
}
