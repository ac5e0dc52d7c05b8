/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An edge-triggered epoll set: an edge that was taken does not come again. */
#include <sys/epoll.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = 1 };
	struct epoll_event found[4];
	int set = (int)must(epoll_create1(0));
	int taken[2], fresh[2];

	must(pipe(taken));
	must(pipe(fresh));
	must(epoll_ctl(set, EPOLL_CTL_ADD, taken[0], &event));
	must(write(taken[1], "x", 1));
	expect(must(epoll_wait(set, found, 4, 0)) == 1, "no edge at set-up");
	event.data.u32 = 2;
	must(epoll_ctl(set, EPOLL_CTL_ADD, fresh[0], &event));
	must(write(fresh[1], "x", 1));
	ready();
	expect(must(epoll_wait(set, found, 4, 0)) == 1 && found[0].data.u32 == 2,
	       "not exactly the edge that was not taken yet is told");
	expect(must(epoll_wait(set, found, 4, 0)) == 0, "an edge is told twice");
	must(write(taken[1], "x", 1));
	expect(must(epoll_wait(set, found, 4, 5000)) == 1 && found[0].data.u32 == 1,
	       "a new edge is not told");
}

const struct state state_epoll_edge = {
	.name = "epoll-edge",
	.summary = "edge-triggered epoll",
	.run = run,
};
