/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches, and events that nobody has read yet. */
#include <sys/inotify.h>
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static const char *path(void)
{
	static char path[PATTERN_SIZE + 8] = "dir/";

	pattern_text(path + strlen("dir/"), PATTERN_SIZE, PATTERN_NAME);
	return path;
}

static void run(void)
{
	char buffer[1024] __attribute__((aligned(8)));
	const struct inotify_event *event = (const struct inotify_event *)buffer;
	int fd = (int)must(inotify_init1(IN_NONBLOCK));
	int watch;

	must(mkdir("dir", 0700));
	watch = (int)must(inotify_add_watch(fd, "dir", IN_CREATE | IN_DELETE));
	close((int)must(open(path(), O_CREAT | O_WRONLY, 0600)));
	ready();
	must(read(fd, buffer, sizeof(buffer)));
	expect(event->wd == watch && event->mask == IN_CREATE &&
		       !strcmp(event->name, path() + strlen("dir/")),
	       "the event that waited has changed");
	expect(read(fd, buffer, sizeof(buffer)) < 0 && errno == EAGAIN, "there is one event more");
	must(unlink(path()));
	must(read(fd, buffer, sizeof(buffer)));
	expect(event->wd == watch && event->mask == IN_DELETE, "a new event is not told");
}

const struct state state_inotify = {
	.name = "inotify",
	.summary = "inotify watches and events",
	.run = run,
};
