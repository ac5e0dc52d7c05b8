/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutex with priority inheritance, held by one thread and waited for by another. */
#include <pthread.h>

#include "vksession/selftest/states/state.h"

static pthread_mutex_t mutex;
static volatile int held, waiting, got_it, release;

static void *owner(void *data)
{
	pthread_mutex_lock(&mutex);
	held = 1;
	while (!release)
		pass_time(5);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void *waiter(void *data)
{
	waiting = gettid();
	got_it = pthread_mutex_lock(&mutex) == 0 ? 1 : 2;
	return NULL;
}

static void run(void)
{
	pthread_mutexattr_t attributes;
	int error;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	error = pthread_mutex_init(&mutex, &attributes);
	if (error == ENOTSUP)
		skip("priority inheritance: not in this kernel");
	start_thread(owner, NULL);
	await_word(&held, "the lock");
	start_thread(waiter, NULL);
	await_word(&waiting, "the waiter's start");
	await_process_state(waiting, 'S');
	ready();
	expect(got_it == 0, "the waiter has got a mutex that is held");
	release = 1;
	await_word(&got_it, "the waiter's turn");
	expect(got_it == 1, "the waiter's lock failed");
}

const struct state state_futex_pi = {
	.name = "futex-pi",
	.summary = "a mutex with priority inheritance",
	.run = run,
};
