/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * watch_job()     is called for each job that begins. After PATIENCE_MS it shows progress; work
 * that ends before that is not worth a notification. show_progress() updates that notification as
 * the job's properties change, once in UPDATE_MS. end_job()       closes the progress and says what
 * came of it, by a table with one function for each kind of work. A failure is always said, and a
 * passphrase that is wanted asked for.
 */
#include "desktop/notices.h"

#include <glib/gi18n.h>
#include <libnotify/notify.h>

#include "desktop/requests.h"
#include "desktop/settings.h"
#include "desktop/words.h"

#define PATIENCE_MS 1000
#define UPDATE_MS   500

struct Notices {
	DesktopSessions *sessions; /* borrowed */
	GHashTable *watched;	   /* VksBusJob1 to Watch */
	GPtrArray *shown; /* notifications with actions live as long as they can be clicked */
	void (*show_changes)(const char *session, gpointer user_data);
	gpointer user_data;
};

/** A job under way. */
typedef struct {
	Notices *notices;
	VksBusJob1 *job;
	NotifyNotification *progress; /* NULL until it has taken long */
	guint timer;
} Watch;

/** What an action of a notification does when it is clicked. */
typedef struct {
	Notices *notices;
	char *session;
	guint number;
	void (*act)(Notices *notices, const char *session, guint number);
} Action;

static void action_free(gpointer data)
{
	Action *action = data;

	g_free(action->session);
	g_free(action);
}

static void on_action(NotifyNotification *notification, char *id, gpointer data)
{
	const Action *action = data;

	action->act(action->notices, action->session, action->number);
}

static void on_closed(NotifyNotification *notification, gpointer data)
{
	Notices *notices = data;

	g_ptr_array_remove(notices->shown, notification);
}

/* A new notification; the text is plain. Owned by the list of those shown. */
static NotifyNotification *say(Notices *notices, const char *summary, const char *text,
			       const char *icon)
{
	g_autofree char *body = g_markup_escape_text(text, -1);
	NotifyNotification *notification = notify_notification_new(summary, body, icon);

	g_signal_connect(notification, "closed", G_CALLBACK(on_closed), notices);
	g_ptr_array_add(notices->shown, notification);
	return notification;
}

static void offer(Notices *notices, NotifyNotification *notification, const char *id,
		  const char *label, const char *session, guint number,
		  void (*act)(Notices *notices, const char *session, guint number))
{
	Action *action = g_new0(Action, 1);

	*action = (Action){ notices, g_strdup(session), number, act };
	notify_notification_add_action(notification, id, label, on_action, action, action_free);
}

static void show(NotifyNotification *notification)
{
	g_autoptr(GError) error = NULL;

	if (!notify_notification_show(notification, &error))
		g_warning("can't show a notification: %s", error->message);
}

/* Actions */

static void act_save(Notices *notices, const char *session, guint number)
{
	request_save(session, FALSE);
}

static void act_save_and_stop(Notices *notices, const char *session, guint number)
{
	request_save(session, TRUE);
}

static void act_save_all(Notices *notices, const char *session, guint number)
{
	request_save_all();
}

static void act_thaw(Notices *notices, const char *session, guint number)
{
	request_thaw(session);
}

static void act_roll_back(Notices *notices, const char *session, guint number)
{
	request_rollback(session, number);
}

static void act_stop(Notices *notices, const char *session, guint number)
{
	request_stop(session);
}

static void act_show_changes(Notices *notices, const char *session, guint number)
{
	notices->show_changes(session, notices->user_data);
}

/* Kinds of work */

static guint result_number(VksBusJob1 *job, const char *key)
{
	GVariant *result = vks_bus_job1_get_result(job);
	guint number = 0;

	if (result)
		g_variant_lookup(result, key, "u", &number);
	return number;
}

/** A session that is back, or can be brought back. */
typedef struct {
	Notices *notices;
	gboolean crashed; /* it had ended without a save */
} Return;

static void say_return(GObject *source, GAsyncResult *answer, gpointer user_data)
{
	g_autofree Return *back = user_data;
	g_autoptr(GVariant) reply = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), answer, NULL);
	g_autoptr(GVariant) changes = reply ? g_variant_get_child_value(reply, 0) : NULL;
	gsize n = changes ? g_variant_n_children(changes) : 0;
	VksBusSession1 *session = VKS_BUS_SESSION1(source);
	const char *name = vks_bus_session1_get_name(session);
	gboolean runs = desktop_session_runs(session);
	gint64 saved = (gint64)vks_bus_session1_get_last_save_time(session);
	g_autofree char *text = words_return(runs, back->crashed, g_get_real_time(), saved, n);
	g_autofree char *summary =
		g_strdup_printf(runs ? _("“%s” is back") : _("Bring “%s” back?"), name);
	NotifyNotification *notification =
		say(back->notices, summary, text,
		    back->crashed ? "vksession-problem" : "vksession-saved");

	if (!runs) {
		notify_notification_set_timeout(notification, NOTIFY_EXPIRES_NEVER);
		offer(back->notices, notification, "thaw", _("Bring it back"), name, 0, act_thaw);
		/* A click on the notification itself answers what it asks. */
		offer(back->notices, notification, "default", _("Bring it back"), name, 0,
		      act_thaw);
	}
	if (n > 0)
		offer(back->notices, notification, "changes", _("Show what changed"), name, 0,
		      act_show_changes);
	if (runs)
		offer(back->notices, notification, "undo", _("Undo"), name, 0, act_save_and_stop);
	show(notification);
}

/* Asks first what was, or would be found changed on the disk. */
static void tell_return(Notices *notices, const char *name, gboolean crashed)
{
	g_autoptr(VksBusSession1) session = desktop_sessions_find(notices->sessions, name);
	Return *back;

	if (!session)
		return;
	back = g_new(Return, 1);
	*back = (Return){ notices, crashed };
	desktop_session_get_changes(session, say_return, back);
}

static void end_thaw(Notices *notices, VksBusJob1 *job)
{
	tell_return(notices, vks_bus_job1_get_session(job), FALSE);
}

static void end_rollback(Notices *notices, VksBusJob1 *job)
{
	const char *session = vks_bus_job1_get_session(job);
	guint number = result_number(job, "number"), undo = result_number(job, "undo");
	g_autofree char *summary = g_strdup_printf(_("“%s” went back to save %u"), session, number);
	NotifyNotification *notification;

	notification = say(notices, summary, undo ? _("What was running was saved before.") : "",
			   "vksession-saved");
	if (undo)
		offer(notices, notification, "undo", _("Undo"), session, undo, act_roll_back);
	show(notification);
}

static gboolean result_names(VksBusJob1 *job, const char *key, const char ***names)
{
	GVariant *result = vks_bus_job1_get_result(job);

	return result && g_variant_lookup(result, key, "^a&s", names);
}

static gboolean is_named(const char **names, const char *name)
{
	return names && g_strv_contains((const char *const *)names, name);
}

/* The login: what is to be asked for, and what came back from an older save than was hoped for. */
static void end_restore(Notices *notices, VksBusJob1 *job)
{
	g_autofree const char **ask = NULL, **crashed = NULL, **thawed = NULL;

	result_names(job, "ask", &ask);
	result_names(job, "crashed", &crashed);
	result_names(job, "thawed", &thawed);
	for (const char **name = ask; name && *name; name++)
		tell_return(notices, *name, is_named(crashed, *name));
	for (const char **name = crashed; name && *name; name++) {
		if (is_named(thawed, *name))
			tell_return(notices, *name, TRUE);
	}
}

/* Sessions that the login found locked: who is there now can unlock them. */
static void ask_for_locked(VksBusJob1 *job)
{
	g_autofree const char **locked = NULL;

	result_names(job, "locked", &locked);
	for (const char **name = locked; name && *name; name++)
		request_thaw(*name);
}

/* A session that has a passphrase, and was given another one or none. */
static gboolean was_locked(VksBusJob1 *job)
{
	return g_strcmp0(vks_bus_job1_get_kind(job), "thaw") == 0 &&
	       g_strcmp0(vks_bus_job1_get_error_name(job), "org.vksession.Error.Locked") == 0;
}

static const struct {
	const char *kind;
	const char *working; /* of a session, while it goes on */
	const char *failed;
	void (*again)(Notices *notices, const char *session, guint number);
	void (*done)(Notices *notices, VksBusJob1 *job);
} kinds[] = {
	{ "save", N_("Saving “%s”"), N_("“%s” was not saved"), act_save, NULL },
	{ "save-all", N_("Saving all sessions"), N_("Not all sessions were saved"), act_save_all,
	  NULL },
	{ "thaw", N_("Bringing “%s” back"), N_("“%s” did not come back"), act_thaw, end_thaw },
	{ "restore", N_("Bringing sessions back"), N_("Not all sessions came back"), NULL,
	  end_restore },
	{ "rollback", N_("Going back in “%s”"), N_("“%s” did not go back"), NULL, end_rollback },
	{ "stop", NULL, N_("“%s” did not end"), act_stop, NULL },
	{ "run", NULL, N_("A program of “%s” did not start"), NULL, NULL },
};

static gsize kind_of(VksBusJob1 *job)
{
	const char *kind = vks_bus_job1_get_kind(job);

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_strcmp0(kinds[i].kind, kind) == 0)
			return i;
	}
	return G_N_ELEMENTS(kinds);
}

/* A sentence of the table, which has the session's name in it or not. */
static char *sentence(const char *format, const char *session)
{
	g_auto(GStrv) parts = g_strsplit(_(format), "%s", 2);

	return g_strjoinv(session, parts);
}

/* Stages */

static void show_progress(Watch *watch)
{
	guint64 done = vks_bus_job1_get_done(watch->job),
		total = vks_bus_job1_get_total(watch->job);
	const char *stage = vks_bus_job1_get_stage(watch->job);
	g_autofree char *body = g_markup_escape_text(stage ? stage : "", -1);
	g_autofree char *summary =
		sentence(kinds[kind_of(watch->job)].working, vks_bus_job1_get_session(watch->job));

	if (!watch->progress) {
		watch->progress = notify_notification_new(summary, body, "vksession-saving");
		notify_notification_set_urgency(watch->progress, NOTIFY_URGENCY_LOW);
		/* Of no use to one who looks at it later. */
		notify_notification_set_hint(watch->progress, "transient",
					     g_variant_new_boolean(TRUE));
	} else {
		notify_notification_update(watch->progress, summary, body, "vksession-saving");
	}
	if (total > 0)
		notify_notification_set_hint(watch->progress, "value",
					     g_variant_new_int32((gint32)(100 * done / total)));
	show(watch->progress);
}

static gboolean on_update(gpointer user_data)
{
	show_progress(user_data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_patience_ended(gpointer user_data)
{
	Watch *watch = user_data;

	show_progress(watch);
	watch->timer = g_timeout_add(UPDATE_MS, on_update, watch);
	return G_SOURCE_REMOVE;
}

static void watch_free(gpointer data)
{
	Watch *watch = data;

	g_clear_handle_id(&watch->timer, g_source_remove);
	if (watch->progress)
		notify_notification_close(watch->progress, NULL);
	g_clear_object(&watch->progress);
	g_clear_object(&watch->job);
	g_free(watch);
}

static void watch_job(DesktopSessions *sessions, VksBusJob1 *job, gpointer user_data)
{
	Notices *notices = user_data;
	gsize kind = kind_of(job);
	Watch *watch;

	if (kind == G_N_ELEMENTS(kinds))
		return;
	watch = g_new0(Watch, 1);
	*watch = (Watch){ .notices = notices, .job = g_object_ref(job) };
	if (kinds[kind].working && settings_get(SETTING_PROGRESS))
		watch->timer = g_timeout_add(PATIENCE_MS, on_patience_ended, watch);
	g_hash_table_replace(notices->watched, job, watch);
}

static void say_failure(Notices *notices, VksBusJob1 *job, gsize kind)
{
	const char *session = vks_bus_job1_get_session(job);
	g_autofree char *summary = sentence(kinds[kind].failed, session);
	NotifyNotification *notification =
		say(notices, summary, vks_bus_job1_get_error_message(job), "vksession-problem");

	notify_notification_set_urgency(notification, NOTIFY_URGENCY_CRITICAL);
	if (kinds[kind].again)
		offer(notices, notification, "again", _("Try again"), session, 0,
		      kinds[kind].again);
	show(notification);
}

static void end_job(DesktopSessions *sessions, VksBusJob1 *job, gpointer user_data)
{
	Notices *notices = user_data;
	gsize kind = kind_of(job);
	const char *state = vks_bus_job1_get_state(job);

	g_hash_table_remove(notices->watched, job);
	if (kind == G_N_ELEMENTS(kinds))
		return;
	ask_for_locked(job);
	if (was_locked(job))
		request_passphrase(vks_bus_job1_get_session(job),
				   vks_bus_job1_get_error_message(job));
	else if (g_strcmp0(state, "failed") == 0)
		say_failure(notices, job, kind);
	else if (g_strcmp0(state, "done") == 0 && kinds[kind].done && settings_get(SETTING_REPORTS))
		kinds[kind].done(notices, job);
}

void notices_failed(const char *message, gpointer user_data)
{
	NotifyNotification *notification =
		say(user_data, _("That was not possible"), message, "vksession-problem");

	show(notification);
}

Notices *notices_new(DesktopSessions *sessions, void (*show_changes)(const char *session, gpointer),
		     gpointer user_data)
{
	Notices *notices = g_new0(Notices, 1);

	*notices = (Notices){
		.sessions = sessions,
		.watched = g_hash_table_new_full(NULL, NULL, NULL, watch_free),
		.shown = g_ptr_array_new_with_free_func(g_object_unref),
		.show_changes = show_changes,
		.user_data = user_data,
	};
	g_signal_connect(sessions, "job-began", G_CALLBACK(watch_job), notices);
	g_signal_connect(sessions, "job-ended", G_CALLBACK(end_job), notices);
	return notices;
}

void notices_free(Notices *notices)
{
	if (!notices)
		return;
	g_signal_handlers_disconnect_by_data(notices->sessions, notices);
	g_hash_table_destroy(notices->watched);
	for (guint i = 0; i < notices->shown->len; i++)
		g_signal_handlers_disconnect_by_data(notices->shown->pdata[i], notices);
	g_ptr_array_unref(notices->shown);
	g_free(notices);
}
