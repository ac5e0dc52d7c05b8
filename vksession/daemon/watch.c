/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * inotify, not GFileMonitor: only names that come, go or are replaced are of interest, and a log
 * that is written to all the time must not wake anybody. Directories that come later are added
 * when their parent tells, or when the session is next added. An end of a process that cleaned
 * nothing up (a kill) leaves no trace in a directory: for that there are pidfds.
 */
#include "vksession/daemon/watch.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS                                                                                     \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF |     \
	 IN_ONLYDIR)
/* Of lock files: somebody has taken the lock and written who it is, or has given it back. */
#define LOCK_EVENTS (IN_MODIFY | IN_CLOSE_WRITE | IN_ONLYDIR)

struct Watch {
	char *store_dir, *runtime_dir;
	WatchFunc changed;
	gpointer user_data;
	int fd;
	guint source;
	GHashTable *directories; /* descriptor -> name of session; "" for those at the top */
	GHashTable *processes;	 /* pid -> Process */
};

typedef struct {
	Watch *watch;
	char *name;
	pid_t pid;
	int fd;
	guint source;
} Process;

/* Files of a session's directories that its properties depend on. Others are of no interest. */
static gboolean matters(const char *file)
{
	static const char *const names[] = { "session.json",   "saves",
					     "thumbnail.png",  "launcher.json",
					     "launcher.lock",  "viewer.json",
					     "saved-activity", NULL };

	return g_strv_contains(names, file) || g_ascii_isdigit(*file);
}

static void take_event(Watch *watch, const struct inotify_event *event)
{
	g_autofree char *name =
		g_strdup(g_hash_table_lookup(watch->directories, GINT_TO_POINTER(event->wd)));

	if (event->mask & IN_Q_OVERFLOW) {
		watch->changed(NULL, watch->user_data);
		return;
	}
	if (!name)
		return;
	if (event->mask & IN_IGNORED)
		g_hash_table_remove(watch->directories, GINT_TO_POINTER(event->wd));
	if (*name && (event->len == 0 || matters(event->name)))
		watch->changed(name, watch->user_data);
	else if (!*name && event->len > 0 && event->name[0] != '.')
		watch->changed(event->name, watch->user_data);
}

static gboolean take_events(int fd, GIOCondition condition, gpointer user_data)
{
	Watch *watch = user_data;
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = read(fd, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		take_event(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean add_directory(Watch *watch, const char *path, const char *name, guint events)
{
	int wd = inotify_add_watch(watch->fd, path, events);

	if (wd < 0)
		return FALSE;
	g_hash_table_insert(watch->directories, GINT_TO_POINTER(wd), g_strdup(name));
	return TRUE;
}

static void process_free(gpointer data)
{
	Process *process = data;

	g_clear_handle_id(&process->source, g_source_remove);
	close(process->fd);
	g_free(process->name);
	g_free(process);
}

Watch *watch_new(const char *store_dir, const char *runtime_dir, WatchFunc changed,
		 gpointer user_data, GError **error)
{
	g_autofree char *locks = g_build_filename(store_dir, ".locks", NULL);
	Watch *watch = g_new0(Watch, 1);

	watch->store_dir = g_strdup(store_dir);
	watch->runtime_dir = g_strdup(runtime_dir);
	watch->changed = changed;
	watch->user_data = user_data;
	watch->directories = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	watch->processes = g_hash_table_new_full(NULL, NULL, NULL, process_free);
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd >= 0 && add_directory(watch, store_dir, "", EVENTS) &&
	    add_directory(watch, locks, "", LOCK_EVENTS) &&
	    add_directory(watch, runtime_dir, "", EVENTS)) {
		watch->source = g_unix_fd_add(watch->fd, G_IO_IN, take_events, watch);
		return watch;
	}
	g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno),
		    "cannot watch %s and %s: %s", store_dir, runtime_dir, g_strerror(errno));
	watch_free(watch);
	return NULL;
}

void watch_free(Watch *watch)
{
	if (!watch)
		return;
	g_clear_handle_id(&watch->source, g_source_remove);
	if (watch->fd >= 0)
		close(watch->fd);
	g_hash_table_unref(watch->directories);
	g_hash_table_unref(watch->processes);
	g_free(watch->store_dir);
	g_free(watch->runtime_dir);
	g_free(watch);
}

static void add_directories(Watch *watch, const char *name)
{
	g_autofree char *store = g_build_filename(watch->store_dir, name, NULL);
	g_autofree char *saves = g_build_filename(store, "saves", NULL);
	g_autofree char *runtime = g_build_filename(watch->runtime_dir, name, NULL);

	/* What is not there yet is no error: its parent will tell. */
	add_directory(watch, store, name, EVENTS);
	add_directory(watch, saves, name, EVENTS);
	add_directory(watch, runtime, name, EVENTS);
}

static gboolean process_ended(int fd, GIOCondition condition, gpointer user_data)
{
	Process *process = user_data;
	Watch *watch = process->watch;
	g_autofree char *name = g_strdup(process->name);

	process->source = 0;
	g_hash_table_remove(watch->processes, GINT_TO_POINTER(process->pid));
	watch->changed(name, watch->user_data);
	return G_SOURCE_REMOVE;
}

void watch_add_session(Watch *watch, const char *name)
{
	if (watch)
		add_directories(watch, name);
}

void watch_add_process(Watch *watch, const char *name, pid_t pid)
{
	Process *process;
	int fd;

	if (!watch || pid <= 0 || g_hash_table_contains(watch->processes, GINT_TO_POINTER(pid)))
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		/* It ended since it was looked at. */
		if (errno == ESRCH)
			watch->changed(name, watch->user_data);
		return;
	}
	process = g_new0(Process, 1);
	process->watch = watch;
	process->name = g_strdup(name);
	process->pid = pid;
	process->fd = fd;
	process->source = g_unix_fd_add(fd, G_IO_IN, process_ended, process);
	g_hash_table_insert(watch->processes, GINT_TO_POINTER(pid), process);
}
