/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vksessiond: one per user, on the session bus. It ends with 0 when it was told to, also when
 * another one has the name already; with the status of vksession(1) otherwise.
 */
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "launcher/isolation.h"
#include "vksession/daemon/bus.h"
#include "vksession/daemon/daemon.h"
#include "vksession/daemon/idle.h"
#include "vksession/daemon/job.h"
#include "vksession/daemon/lifetime.h"
#include "vksession/daemon/replaced.h"
#include "vksession/daemon/save-all.h"

static struct {
	char *save_all;
	gboolean stop;
	gboolean version;
} options;

static const GOptionEntry entries[] = {
	{ "save-all", 0, 0, G_OPTION_ARG_STRING, &options.save_all,
	  "Save all running sessions without the bus, and end", "REASON" },
	{ "stop", 0, 0, G_OPTION_ARG_NONE, &options.stop,
	  "With --save-all: end each session once its save is safe", NULL },
	{ "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL },
	G_OPTION_ENTRY_NULL,
};

typedef struct {
	GMainLoop *loop;
	Vks *vks;
	GDBusConnection *connection;
	Daemon *daemon;
	Replaced *replaced;
	guint name;
	gboolean ending;
	gboolean again; /* the program in our place is to go on */
	int status;
} Main;

static void fail(Main *self, GError *error)
{
	fprintf(stderr, "vksessiond: %s\n", error->message);
	self->status = vks_error_code(error);
	g_error_free(error);
}

static void quit(gpointer user_data)
{
	Main *self = user_data;

	g_main_loop_quit(self->loop);
}

/* Work under way is brought to its end; who asks a second time wants it given up. */
static gboolean on_signal(gpointer user_data)
{
	Main *self = user_data;

	if (self->ending)
		return G_SOURCE_CONTINUE;
	self->ending = TRUE;
	g_clear_handle_id(&self->name, g_bus_unown_name);
	jobs_drain(self->daemon->jobs, quit, self);
	return G_SOURCE_CONTINUE;
}

/* Sessions don't notice: who comes next adopts them, as after any end of the daemon. */
static void on_replaced(gpointer user_data)
{
	Main *self = user_data;

	if (self->ending || replaced_restart_unit(self->connection))
		return;
	self->again = TRUE;
	on_signal(self);
}

static void on_idle(gpointer user_data)
{
	on_signal(user_data);
}

static void on_name_lost(GDBusConnection *connection, const char *name, gpointer user_data)
{
	Main *self = user_data;

	if (!self->ending) {
		fprintf(stderr,
			connection && !g_dbus_connection_is_closed(connection)
				? "vksessiond: another one has the name %s; it goes on\n"
				: "vksessiond: the session bus has gone, with it %s\n",
			name);
		on_signal(self);
	}
}

static void serve(Main *self)
{
	Idle *idle = idle_new(self->daemon, on_idle, self);

	self->loop = g_main_loop_new(NULL, FALSE);
	self->replaced = replaced_new(on_replaced, self);
	g_unix_signal_add(SIGTERM, on_signal, self);
	g_unix_signal_add(SIGINT, on_signal, self);
	g_unix_signal_add(SIGHUP, on_signal, self);
	self->name = g_bus_own_name_on_connection(self->connection, VKS_BUS_NAME,
						  G_BUS_NAME_OWNER_FLAGS_NONE, NULL, on_name_lost,
						  self, NULL);
	g_main_loop_run(self->loop);
	daemon_note_end(self->daemon);
	idle_free(idle);
	g_clear_handle_id(&self->name, g_bus_unown_name);
	g_dbus_connection_flush_sync(self->connection, NULL, NULL);
	g_main_loop_unref(self->loop);
}

static void run_daemon(Main *self)
{
	GError *error = NULL;

	self->connection = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (self->connection) {
		g_dbus_connection_set_exit_on_close(self->connection, FALSE);
		self->daemon = daemon_new(self->vks, self->connection, &error);
	}
	if (self->daemon)
		serve(self);
	else
		fail(self, error);
	daemon_free(self->daemon);
	g_clear_object(&self->connection);
}

static void print_outcomes(const GPtrArray *outcomes)
{
	for (guint i = 0; i < outcomes->len; i++) {
		const SaveOutcome *outcome = outcomes->pdata[i];

		if (outcome->kind == SAVE_DONE)
			printf("session %s: save %u\n", outcome->name, outcome->number);
		else if (outcome->kind == SAVE_UNCHANGED)
			printf("session %s: nothing to save\n", outcome->name);
		else
			fprintf(stderr, "vksessiond: %s\n", outcome->message);
	}
}

static void save_and_end(Main *self)
{
	SaveAllOptions wanted = { .reason = options.save_all, .stop = options.stop };
	GError *error = NULL;
	g_autoptr(GPtrArray) outcomes = save_all(self->vks, &wanted, NULL, &error);

	if (!outcomes) {
		fail(self, error);
		return;
	}
	print_outcomes(outcomes);
	if (!save_all_is_complete(outcomes))
		self->status = VKS_ERROR_FAILED;
	else if (lifetime_is_end(options.save_all))
		lifetime_note(self->vks, TRUE);
}

static gboolean parse(int argc, char **argv, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_set_summary(context, "Show the user's sessions on the session bus.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (argc == 1 && (options.save_all || !options.stop))
		return TRUE;
	g_set_error(error, VKS_ERROR, VKS_ERROR_USAGE,
		    "wrong arguments; nothing was done; see: vksessiond --help");
	return FALSE;
}

int main(int argc, char **argv)
{
	Main self = { 0 };
	GError *error = NULL;

	umask(077); /* nothing that we make is for others */
	vk_isolation_forbid_core();
	setlocale(LC_ALL, "");
	if (!parse(argc, argv, &error)) {
		fail(&self, error);
		return self.status;
	}
	if (options.version) {
		puts("vksessiond " VKSESSION_VERSION);
		return 0;
	}
	self.vks = vks_open(vks_backend_real(), &error);
	if (!self.vks)
		fail(&self, error);
	else if (options.save_all)
		save_and_end(&self);
	else
		run_daemon(&self);
	vks_close(self.vks);
	if (self.again)
		replaced_exec(self.replaced, argv);
	replaced_free(self.replaced);
	return self.status;
}
