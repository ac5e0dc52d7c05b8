/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that wait on futexes: without a limit, with one, and requeued. */
#include <linux/futex.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static long futex(volatile int *word, int operation, int value, const struct timespec *timeout,
		  volatile int *second, int third)
{
	return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

#define WAITERS 3

static volatile int word, other_word, waiting, woken, timed_out;

static void *waiter(void *data)
{
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	while (futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno == EINTR)
		;
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *timed_waiter(void *data)
{
	const struct timespec limit = { .tv_nsec = 700 * MS };

	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	if (futex(&other_word, FUTEX_WAIT, 0, &limit, NULL, 0) < 0 && errno == ETIMEDOUT)
		timed_out = 1;
	else
		timed_out = 2;
	return NULL;
}

static void run(void)
{
	long count;

	for (int i = 0; i < WAITERS; i++)
		start_thread(waiter, NULL);
	start_thread(timed_waiter, NULL);
	while (waiting < WAITERS + 1)
		pass_time(1);
	pass_time(50);
	ready();
	expect(woken == 0, "%d threads woke up by themselves", woken);
	count = must(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)WAITERS, &other_word, 0));
	expect(count == WAITERS, "%ld of %d threads were waiting", count, WAITERS);
	must(futex(&other_word, FUTEX_WAKE, WAITERS, NULL, NULL, 0));
	for (int i = 0; i < 30000 && woken < WAITERS; i++)
		pass_time(1);
	expect(woken == WAITERS, "%d of %d threads woke up", woken, WAITERS);
	await_word(&timed_out, "the end of a wait with a limit");
	expect(timed_out == 1, "a wait with a limit ended by something else");
}

const struct state state_futex_wait = {
	.name = "futex-wait",
	.summary = "threads that wait on futexes",
	.run = run,
};
