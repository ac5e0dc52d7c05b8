/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of eventfds, one a semaphore, one full with a writer that waits. */
#include <sys/eventfd.h>

#include "vksession/selftest/states/state.h"

static volatile int writer_tid, written;

static void *writer(void *data)
{
	const int *fd = data;

	writer_tid = gettid();
	written = eventfd_write(*fd, 2) == 0 ? 1 : 2;
	return NULL;
}

static void run(void)
{
	static int full;
	int plain = (int)must(eventfd(0, 0));
	int semaphore = (int)must(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK));
	eventfd_t value;

	must(eventfd_write(plain, pattern_number(PATTERN_COUNTER, COUNTER_BITS)));
	full = (int)must(eventfd(0, 0));
	must(eventfd_write(full, UINT64_MAX - 1));
	start_thread(writer, &full);
	await_word(&writer_tid, "the writer's start");
	await_process_state(writer_tid, 'S');
	ready();
	must(eventfd_read(plain, &value));
	expect(value == pattern_number(PATTERN_COUNTER, COUNTER_BITS), "the counter is %llu",
	       (unsigned long long)value);
	for (int i = 0; i < 3; i++)
		expect(eventfd_read(semaphore, &value) == 0 && value == 1, "the semaphore is at %d",
		       i);
	expect(eventfd_read(semaphore, &value) < 0 && errno == EAGAIN, "the semaphore is above 3");
	expect(!written, "the full counter has taken more");
	must(eventfd_read(full, &value));
	await_word(&written, "the writer's return");
	must(eventfd_read(full, &value));
	expect(value == 2, "what waited brings %llu", (unsigned long long)value);
}

const struct state state_eventfd = {
	.name = "eventfd",
	.summary = "eventfds",
	.run = run,
};
