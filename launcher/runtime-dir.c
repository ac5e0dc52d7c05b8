/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/runtime-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define LOCK_NAME    "launcher.lock"
#define RECORD_NAME  "launcher.json"
#define LONGEST_NAME "/display.sock"
#define ENDING	     "ending\n" /* in the lock: its holder has nothing left but to let go */

char *vk_runtime_path(const char *runtime_dir, const char *name)
{
	return g_build_filename(runtime_dir, name, NULL);
}

static gboolean fail(GError **error, const char *what, const char *path)
{
	int number = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "%s %s: %s", what, path,
		    g_strerror(number));
	return FALSE;
}

gboolean vk_runtime_make(const char *runtime_dir, GError **error)
{
	struct stat st;

	if (strlen(runtime_dir) + sizeof(LONGEST_NAME) >
	    sizeof(((struct sockaddr_un *)0)->sun_path)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
			    "%s is too long for sockets in it", runtime_dir);
		return FALSE;
	}
	if (g_mkdir_with_parents(runtime_dir, 0700) < 0)
		return fail(error, "make", runtime_dir);
	if (lstat(runtime_dir, &st) < 0)
		return fail(error, "look at", runtime_dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "%s is not a directory of the user alone", runtime_dir);
		return FALSE;
	}
	return TRUE;
}

static int open_lock(const char *path, int flags)
{
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

/* A file that was removed between open and lock protects nothing. */
static gboolean is_still_there(int fd, const char *path)
{
	struct stat by_fd;
	struct stat by_path;

	return fstat(fd, &by_fd) == 0 && stat(path, &by_path) == 0 &&
	       by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino;
}

static gboolean is_ending(int lock_fd)
{
	struct stat st;

	return fstat(lock_fd, &st) == 0 && st.st_size > 0;
}

/* @return whether it was taken; who is about to let it go is waited for */
static gboolean take_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int got = fcntl(fd, F_OFD_SETLK, &lock);

	while (got < 0 && (errno == EAGAIN || errno == EACCES || errno == EINTR) && is_ending(fd))
		got = fcntl(fd, F_OFD_SETLKW, &lock);
	return got == 0;
}

int vk_runtime_lock(const char *runtime_dir, GError **error)
{
	g_autofree char *path = vk_runtime_path(runtime_dir, LOCK_NAME);

	for (;;) {
		autofd fd = open_lock(path, O_CREAT);

		if (fd < 0) {
			fail(error, "open", path);
			return -1;
		}
		if (!take_lock(fd)) {
			if (errno == EAGAIN || errno == EACCES)
				g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
					    "a launcher already runs in %s", runtime_dir);
			else
				fail(error, "lock", path);
			return -1;
		}
		if (!is_still_there(fd, path))
			continue;
		/* Of one that was killed as it ended. */
		if (ftruncate(fd, 0) == 0)
			return steal_fd(&fd);
		fail(error, "truncate", path);
		return -1;
	}
}

gboolean vk_runtime_is_locked(const char *runtime_dir)
{
	g_autofree char *path = vk_runtime_path(runtime_dir, LOCK_NAME);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	autofd fd = open_lock(path, 0);

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK &&
	       !is_ending(fd);
}

gboolean vk_runtime_write_record(const char *runtime_dir, const VkLauncherRecord *record,
				 GError **error)
{
	g_autofree char *path = vk_runtime_path(runtime_dir, RECORD_NAME);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;
	const struct {
		const char *name;
		gint64 value;
	} members[] = {
		{ "launcher_pid", record->status.launcher_pid },
		{ "vkernel_pid", record->status.vkernel_pid },
		{ "vkernel_start_ticks", (gint64)record->vkernel_start_ticks },
		{ "network_pid", record->network_pid },
		{ "started_us", record->status.started_us },
		{ "memory_bytes", (gint64)record->status.memory_bytes },
		{ "cpu", record->cpu },
	};

	json_builder_begin_object(builder);
	for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
		json_builder_set_member_name(builder, members[i].name);
		json_builder_add_int_value(builder, members[i].value);
	}
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
					error);
}

gboolean vk_runtime_read_record(const char *runtime_dir, VkLauncherRecord *record)
{
	g_autofree char *path = vk_runtime_path(runtime_dir, RECORD_NAME);
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	JsonNode *root;
	JsonObject *object;

	if (!json_parser_load_from_file(parser, path, NULL))
		return FALSE;
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	object = json_node_get_object(root);
#define MEMBER(name, fallback) json_object_get_int_member_with_default(object, name, fallback)
	*record = (VkLauncherRecord){
		.status = {
			.launcher_pid = (pid_t)MEMBER("launcher_pid", 0),
			.vkernel_pid = (pid_t)MEMBER("vkernel_pid", 0),
			.started_us = MEMBER("started_us", 0),
			.memory_bytes = (guint64)MEMBER("memory_bytes", 0),
		},
		.network_pid = (pid_t)MEMBER("network_pid", 0),
		.vkernel_start_ticks = (guint64)MEMBER("vkernel_start_ticks", 0),
		.cpu = (int)MEMBER("cpu", -1),
	};
#undef MEMBER
	return TRUE;
}

/* Without its record a launcher that ends would look like one that has only just begun. */
static void mark_as_ending(int lock_fd)
{
	if (write(lock_fd, ENDING, strlen(ENDING)) < 0)
		return; /* no room: it does look so, for a moment */
}

void vk_runtime_remove(const char *runtime_dir, int lock_fd)
{
	static const char *const names[] = {
		"control.sock", "display.sock", "net.sock",  "notify.sock",  "uml/thaw-report",
		"guest.conf",	"vkinit",	"vkdisplay", "uml/mconsole", "uml/pid",
		"uml",		RECORD_NAME,	LOCK_NAME,
	};

	mark_as_ending(lock_fd);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = vk_runtime_path(runtime_dir, names[i]);

		g_remove(path);
	}
	g_rmdir(runtime_dir);
}

guint64 vk_process_start_ticks(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	g_auto(GStrv) fields = NULL;
	const char *end;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !(end = strrchr(text, ')')))
		return 0;
	/* proc(5): the state is field 3, the start time field 22. */
	fields = g_strsplit(end + 1, " ", -1);
	return g_strv_length(fields) > 20 ? g_ascii_strtoull(fields[20], NULL, 10) : 0;
}
