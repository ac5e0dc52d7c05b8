/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A robust mutex whose owner dies after the save. */
#include <pthread.h>
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

struct shared {
	pthread_mutex_t mutex;
	volatile int held;
};

static void hold(struct shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	shared->held = 1;
	for (;;)
		pause();
}

static void run(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attributes;
	pid_t owner;
	int result;

	expect(shared != MAP_FAILED, "mmap: %s", strerror(errno));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &attributes);
	owner = fork_child();
	if (owner == 0)
		hold(shared);
	await_word(&shared->held, "the lock");
	ready();
	result = pthread_mutex_trylock(&shared->mutex);
	expect(result == EBUSY, "the mutex is not held any more: %s", strerror(result));
	must(kill(owner, SIGKILL));
	waitpid(owner, NULL, 0);
	result = pthread_mutex_lock(&shared->mutex);
	expect(result == EOWNERDEAD, "the owner's death was not noticed: %s", strerror(result));
}

const struct state state_futex_robust = {
	.name = "futex-robust",
	.summary = "a robust mutex whose owner dies",
	.run = run,
};
