/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wait.h"

#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "launcher/autofd.h"

#define RECHECK_MS 100

bool wait_until(wait_condition condition, void *data, int fd, int timeout_ms)
{
	gint64 end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd event = { .fd = fd, .events = POLLIN };
		gint64 left;

		if (condition(data))
			return true;
		left = end - now_ms();
		if (left <= 0)
			return false;
		poll(&event, 1, (int)MIN(left, RECHECK_MS));
	}
}

static bool never(void *data)
{
	return false;
}

void let_time_pass(int ms)
{
	wait_until(never, NULL, -1, ms);
}

struct file_wait {
	const char *path;
	const char *text;
	int inotify;
};

static bool file_has_text(void *data)
{
	struct file_wait *wait = data;
	g_autofree char *content = NULL;
	char events[4096];

	while (read(wait->inotify, events, sizeof(events)) > 0)
		;
	if (!g_file_get_contents(wait->path, &content, NULL, NULL))
		return false;
	return !wait->text || strstr(content, wait->text);
}

bool wait_for_file(const char *path, const char *text, int timeout_ms)
{
	g_autofree char *dir = g_path_get_dirname(path);
	autofd inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct file_wait wait = { path, text, inotify };

	inotify_add_watch(inotify, dir, IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE);
	return wait_until(file_has_text, &wait, inotify, timeout_ms);
}
