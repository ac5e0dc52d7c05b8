/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A one-shot member of an epoll set that has fired, and one that has not. */
#include <sys/epoll.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.u32 = 1 };
	struct epoll_event found[4];
	int set = (int)must(epoll_create1(0));
	int fired[2], armed[2];

	must(pipe(fired));
	must(pipe(armed));
	must(epoll_ctl(set, EPOLL_CTL_ADD, fired[0], &event));
	must(write(fired[1], "x", 1));
	expect(must(epoll_wait(set, found, 4, 0)) == 1, "nothing fires at set-up");
	event.data.u32 = 2;
	must(epoll_ctl(set, EPOLL_CTL_ADD, armed[0], &event));
	ready();
	expect(must(epoll_wait(set, found, 4, 0)) == 0, "what has fired fires again");
	must(write(armed[1], "x", 1));
	expect(must(epoll_wait(set, found, 4, 5000)) == 1 && found[0].data.u32 == 2,
	       "what was armed does not fire");
	event.data.u32 = 3;
	must(epoll_ctl(set, EPOLL_CTL_MOD, fired[0], &event));
	expect(must(epoll_wait(set, found, 4, 0)) == 1 && found[0].data.u32 == 3,
	       "what was armed again does not fire");
}

const struct state state_epoll_oneshot = {
	.name = "epoll-oneshot",
	.summary = "one-shot epoll",
	.run = run,
};
