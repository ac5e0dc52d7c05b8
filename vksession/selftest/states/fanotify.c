/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mark, an event that waits, and a program that waits for a permission. */
#include <sys/fanotify.h>

#include "vksession/selftest/states/state.h"

static volatile int opened;

static void *opener(void *data)
{
	opened = open("guarded", O_RDONLY) >= 0 ? 1 : 2;
	return NULL;
}

static void run(void)
{
	struct fanotify_event_metadata event = { 0 };
	struct fanotify_response response;
	int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_NONBLOCK, O_RDONLY);
	bool asks;

	if (fd < 0)
		skip("fanotify: %s", strerror(errno));
	close((int)must(open("guarded", O_CREAT | O_WRONLY, 0600)));
	must(fanotify_mark(fd, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, "guarded"));
	write_text("guarded", "x");
	asks = fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "guarded") == 0;
	if (asks)
		start_thread(opener, NULL);
	else
		expect(errno == EINVAL, "fanotify_mark: %s", strerror(errno));
	pass_time(100);
	ready();
	expect(read(fd, &event, sizeof(event)) == sizeof(event) && (event.mask & FAN_MODIFY),
	       "the event that waited is lost");
	if (!asks)
		return;
	expect(!opened, "the program did not wait for the permission");
	expect(becomes_readable(fd, 5000) && read(fd, &event, sizeof(event)) == sizeof(event) &&
		       (event.mask & FAN_OPEN_PERM),
	       "the question for a permission is lost");
	response = (struct fanotify_response){ .fd = event.fd, .response = FAN_ALLOW };
	must(write(fd, &response, sizeof(response)));
	await_word(&opened, "the open that waited");
	expect(opened == 1, "the open that waited failed");
}

const struct state state_fanotify = {
	.name = "fanotify",
	.summary = "fanotify events and permissions",
	.flags = STATE_ROOT,
	.run = run,
};
