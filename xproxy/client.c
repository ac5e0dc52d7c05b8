/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The client connects to the launcher's socket at once and may have to wait there until the guest
 * has booted or thawed: its timeouts are switched off, so that its start-up overlaps with that.
 * Its output is read line by line: it goes to our standard output, and one line tells that the
 * server has answered, another that the connection is lost: the process is killed then, since it
 * would take another half second to end. When it has ended, the socket is probed: if nobody
 * listens, the session is gone, or does not run yet if the client never served; else the client is
 * started again, at once if it had served, later if not. A server has one client at a time and ends
 * it for a new one: a client that had to make room is not started again, or two viewers would throw
 * each other out for ever.
 */
#include <gio/gunixinputstream.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "xproxy/client.h"

#define ATTACHED_LINE	"Attached to "
#define LOST_LINE	"Connection lost"
#define TAKEN_LINE	" new client" /* the reason for a disconnect */
#define RESTART_STEP_MS 250
#define RESTART_MAX_MS	5000
#define FIRST_TRIES	30  /* some two minutes; who starts the session ends us if it fails */
#define GRACE_MS	300 /* to tell the server; the rest of its end is of no use */

struct _XpClient {
	char *socket_path, *run_dir, *session, *display;
	XpClientCallbacks callbacks;
	gpointer data;
	GPid pid; /* 0: not running */
	guint child_watch, restart_timer;
	GDataInputStream *output;
	GCancellable *cancellable;
	gboolean attached; /* in this life */
	gboolean served;   /* in any */
	gboolean taken;	   /* the server has another client now */
	guint failures, restarts;
};

/*
 * --window-close=forward: closing a window asks the program, as it would without us.
 * --key-shortcut: a key that no keyboard has takes the place of xpra's own shortcuts (Shift+F11...).
 * rgb with lz4 is lossless and the cheapest for both ends on a local socket. The rest switches off
 * what a session that shares machine, files and loudspeaker with its viewer does not need.
 */
static const char *const fixed_options[] = {
	"--title=@title@",
	"--window-close=forward",
	"--clipboard=yes",
	"--notifications=yes",
	"--cursors=yes",
	"--bell=yes",
	"--system-tray=yes",
	"--encodings=rgb,png",
	"--encoding=rgb",
	"--compressors=lz4",
	"--packet-encoders=rencode",
	"--video-decoders=none",
	"--csc-modules=none",
	"--video-encoders=none",
	"--auto-refresh-delay=0",
	"--bandwidth-limit=0",
	"--bandwidth-detection=no",
	"--desktop-scaling=off",
	"--opengl=no",
	"--mmap=no",
	"--tray=no",
	"--border=none,0",
	"--global-menus=no",
	"--modal-windows=no",
	"--webcam=no",
	"--speaker=disabled",
	"--microphone=disabled",
	"--av-sync=no",
	"--printing=no",
	"--file-transfer=no",
	"--open-files=no",
	"--open-url=no",
	"--dbus-proxy=no",
	"--remote-logging=no",
	"--pings=0",
	"--mdns=no",
	"--ssl=off",
	"--challenge-handlers=none",
	"--key-shortcut=none+VoidSymbol:magic_key",
	"--sharing=no",
};

/*
 * PATH: xpra would run lsb_release and file, ten processes, for one line of its log.
 * The timeout is in seconds and has to fit, in milliseconds, into an unsigned int.
 * Where setuptools are installed, they would put a distutils of their own before Python's: 0.3 s
 * for a path search.
 */
static const struct {
	const char *name, *value;
} fixed_environment[] = {
	{ "PATH", "/nonexistent" },
	{ "XPRA_SOCKET_TIMEOUT", "4000000" },
	{ "XPRA_NOTIFICATION_EXIT_DELAY", "0" },
	{ "XPRA_SIGNAL_WATCHER", "0" },
	{ "SETUPTOOLS_USE_DISTUTILS", "stdlib" },
	{ "XPRA_NO_ROOT_WARNING", "1" },
	{ "GDK_BACKEND", "x11" },
	{ "NO_AT_BRIDGE", "1" },
};

static void start_again(XpClient *client);

char **xp_client_argv(const char *socket_path, const char *run_dir, const char *session)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *address = g_strconcat("socket://", socket_path, NULL);
	g_autofree char *name = g_strconcat("--session-name=", session, NULL);
	g_autofree char *dirs = g_strconcat("--socket-dirs=", run_dir, "/xpra", NULL);

	g_strv_builder_add_many(builder, "/usr/bin/python3", "-I", "/usr/bin/xpra", "attach",
				address, name, dirs, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(fixed_options); i++)
		g_strv_builder_add(builder, fixed_options[i]);
	return g_strv_builder_end(builder);
}

/* Without an address libdbus starts a bus where none is, and leaves it behind. */
static char **set_bus_address(char **environment)
{
	const char *runtime = g_environ_getenv(environment, "XDG_RUNTIME_DIR");
	g_autofree char *address = g_strconcat("unix:path=", runtime ? runtime : "", "/bus", NULL);

	return g_environ_setenv(environment, "DBUS_SESSION_BUS_ADDRESS", address, FALSE);
}

char **xp_client_environment(char **base, const char *run_dir, const char *display)
{
	g_autofree char *dir = g_strconcat(run_dir, "/xpra", NULL);
	char **environment = g_strdupv(base);

	for (gsize i = 0; i < G_N_ELEMENTS(fixed_environment); i++)
		environment = g_environ_setenv(environment, fixed_environment[i].name,
					       fixed_environment[i].value, TRUE);
	environment = set_bus_address(environment);
	environment = g_environ_setenv(environment, "DISPLAY", display, TRUE);
	environment = g_environ_setenv(environment, "XPRA_SYSTEM_CONF_DIRS", dir, TRUE);
	environment = g_environ_setenv(environment, "XPRA_USER_CONF_DIRS", dir, TRUE);
	return g_environ_unsetenv(environment, "WAYLAND_DISPLAY");
}

guint xp_client_restart_delay(guint failures)
{
	return MIN(failures * RESTART_STEP_MS, RESTART_MAX_MS);
}

XpClient *xp_client_new(const char *socket_path, const char *run_dir, const char *session,
			const char *display, const XpClientCallbacks *callbacks, gpointer data)
{
	XpClient *client = g_new0(XpClient, 1);

	client->socket_path = g_strdup(socket_path);
	client->run_dir = g_strdup(run_dir);
	client->session = g_strdup(session);
	client->display = g_strdup(display);
	client->callbacks = *callbacks;
	client->data = data;
	client->cancellable = g_cancellable_new();
	return client;
}

/* Whether the session still takes viewers: the launcher's death leaves the socket file behind. */
static gboolean somebody_listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return FALSE;
	memcpy(address.sun_path, path, strlen(path));
	/* EAGAIN: the queue of connections is full */
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
}

/* At a thaw the viewer is first; on a slow machine the client is there before the launcher. */
static gboolean may_still_come(const XpClient *client)
{
	return !client->served && client->failures < FIRST_TRIES;
}

static gboolean on_restart_timer(gpointer data)
{
	XpClient *client = data;

	client->restart_timer = 0;
	/* One that came before its session did has broken nothing. */
	client->restarts += client->served ? 1 : 0;
	start_again(client);
	return G_SOURCE_REMOVE;
}

static void plan_restart(XpClient *client)
{
	client->failures = client->attached ? 0 : client->failures + 1;
	client->restart_timer =
		g_timeout_add(xp_client_restart_delay(client->failures), on_restart_timer, client);
}

static void on_client_exit(GPid pid, int status, gpointer data)
{
	XpClient *client = data;

	g_print("vksession-viewer: xpra client ended (%s %d)\n",
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	g_spawn_close_pid(pid);
	client->pid = 0;
	client->child_watch = 0;
	client->callbacks.changed(client->data, 0);
	if (client->taken)
		client->callbacks.ended(client->data, "was taken over by another viewer");
	else if (somebody_listens(client->socket_path) || may_still_come(client))
		plan_restart(client);
	else
		client->callbacks.ended(client->data, "no longer takes viewers");
}

static void read_next_line(XpClient *client);

static void on_line(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source),
								     result, NULL, &error);
	XpClient *client = data;

	/* After a cancellation the client may be freed already. */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !line)
		return;
	if (*line) {
		puts(line);
		fflush(stdout);
	}
	if (!client->attached && strstr(line, ATTACHED_LINE)) {
		client->attached = TRUE;
		client->served = TRUE;
		client->callbacks.attached(client->data);
	}
	if (g_str_has_suffix(line, TAKEN_LINE))
		client->taken = TRUE;
	if (client->pid && (client->taken || g_str_has_suffix(line, LOST_LINE)))
		kill(client->pid, SIGKILL);
	read_next_line(client);
}

static void read_next_line(XpClient *client)
{
	g_data_input_stream_read_line_async(client->output, G_PRIORITY_DEFAULT, client->cancellable,
					    on_line, client);
}

/* In the child: dies with the viewer, standard error joins standard output. */
static void set_up_child(gpointer data)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != GPOINTER_TO_INT(data) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		_exit(127);
}

gboolean xp_client_start(XpClient *client, GError **error)
{
	g_auto(GStrv) argv = xp_client_argv(client->socket_path, client->run_dir, client->session);
	g_auto(GStrv) base = g_get_environ();
	g_auto(GStrv) environment = xp_client_environment(base, client->run_dir, client->display);
	g_autoptr(GInputStream) raw = NULL;
	int output = -1;

	if (!g_spawn_async_with_pipes(client->run_dir, argv, environment, G_SPAWN_DO_NOT_REAP_CHILD,
				      set_up_child, GINT_TO_POINTER(getpid()), &client->pid, NULL,
				      &output, NULL, error))
		return FALSE;
	client->attached = FALSE;
	client->child_watch = g_child_watch_add(client->pid, on_client_exit, client);
	g_clear_object(&client->output);
	raw = g_unix_input_stream_new(output, TRUE);
	client->output = g_data_input_stream_new(raw);
	read_next_line(client);
	client->callbacks.changed(client->data, client->pid);
	return TRUE;
}

static void start_again(XpClient *client)
{
	g_autoptr(GError) error = NULL;

	if (xp_client_start(client, &error))
		return;
	g_print("vksession-viewer: %s, trying again\n", error->message);
	plan_restart(client);
}

guint xp_client_restarts(const XpClient *client)
{
	return client->restarts;
}

static void end_process(GPid pid)
{
	autofd pidfd = pidfd_open(pid, 0);
	struct pollfd wait = { .fd = pidfd, .events = POLLIN };

	kill(pid, SIGTERM);
	if (poll(&wait, 1, GRACE_MS) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void xp_client_free(XpClient *client)
{
	if (!client)
		return;
	g_clear_handle_id(&client->restart_timer, g_source_remove);
	g_clear_handle_id(&client->child_watch, g_source_remove);
	g_cancellable_cancel(client->cancellable);
	if (client->pid)
		end_process(client->pid);
	g_clear_object(&client->output);
	g_object_unref(client->cancellable);
	g_free(client->socket_path);
	g_free(client->run_dir);
	g_free(client->session);
	g_free(client->display);
	g_free(client);
}
