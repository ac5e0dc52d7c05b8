/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An epoll set in an epoll set, a thread that waits in it, an exclusive member. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "vksession/selftest/states/state.h"

static volatile int waiter_tid, result;

static void *waiter(void *data)
{
	struct epoll_event found = { 0 };
	const int *set = data;

	waiter_tid = gettid();
	while (epoll_wait(*set, &found, 1, -1) < 0 && errno == EINTR)
		;
	result = found.data.u32 == 7 ? 1 : 2;
	return NULL;
}

static void run(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 7 };
	static int outer;
	int inner = (int)must(epoll_create1(0));
	int fd = (int)must(eventfd(0, 0));

	outer = (int)must(epoll_create1(0));
	must(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event));
	event = (struct epoll_event){ .events = EPOLLIN | EPOLLEXCLUSIVE, .data.u32 = 8 };
	must(epoll_ctl(inner, EPOLL_CTL_ADD, fd, &event));
	start_thread(waiter, &outer);
	await_word(&waiter_tid, "the waiter's start");
	await_process_state(waiter_tid, 'S');
	ready();
	expect(!result, "the waiter woke up by itself");
	must(eventfd_write(fd, 1));
	await_word(&result, "the waiter's event");
	expect(result == 1, "another event came");
	expect(must(epoll_wait(inner, &event, 1, 0)) == 1 && event.data.u32 == 8,
	       "the inner set's event has changed");
}

const struct state state_epoll_nested = {
	.name = "epoll-nested",
	.summary = "nested epoll sets, a waiting thread",
	.run = run,
};
