/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A level-triggered epoll set: what was ready is ready, with the data given. */
#include <sys/epoll.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = UNIQUE_EPOLL_DATA };
	struct epoll_event found[4];
	int set = (int)must(epoll_create1(EPOLL_CLOEXEC));
	int full[2], empty[2];

	must(pipe(full));
	must(pipe(empty));
	must(epoll_ctl(set, EPOLL_CTL_ADD, full[0], &event));
	event.data.u64 = 42;
	must(epoll_ctl(set, EPOLL_CTL_ADD, empty[0], &event));
	must(write(full[1], "x", 1));
	ready();
	for (int i = 0; i < 2; i++) {
		expect(must(epoll_wait(set, found, 4, 0)) == 1, "what was ready is not");
		expect(found[0].data.u64 == UNIQUE_EPOLL_DATA && found[0].events == EPOLLIN,
		       "the event has changed");
	}
	must(write(empty[1], "y", 1));
	expect(must(epoll_wait(set, found, 4, 5000)) == 2, "what becomes ready is not told");
	expect(epoll_ctl(set, EPOLL_CTL_ADD, full[0], &event) < 0 && errno == EEXIST,
	       "the set has lost its members");
}

const struct state state_epoll_level = {
	.name = "epoll-level",
	.summary = "level-triggered epoll",
	.run = run,
};
