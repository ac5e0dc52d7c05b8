/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of threads and of their process, and a thread that is joined. */
#include <pthread.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static volatile int stop;

static void *worker(void *data)
{
	volatile pid_t *tid = data;

	*tid = gettid();
	while (!stop)
		pass_time(5);
	return gettid() == *tid ? data : NULL;
}

static void run(void)
{
	pid_t pid = getpid(), parent = getppid(), group = getpgrp(), session = getsid(0);
	volatile pid_t tids[3] = { 0 };
	pthread_t threads[3];
	void *result;

	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, worker, (void *)&tids[i]);
		await_word((volatile int *)&tids[i], "a thread's start");
	}
	ready();
	expect(getpid() == pid && getpid() == (pid_t)syscall(SYS_getpid),
	       "the process was %d and is %d", pid, getpid());
	expect(getppid() == parent, "the parent was %d and is %d", parent, getppid());
	expect(getpgrp() == group && getsid(0) == session, "the group or session has changed");
	for (int i = 0; i < 3; i++)
		expect(syscall(SYS_tgkill, pid, tids[i], 0) == 0, "thread %d has gone", tids[i]);
	stop = 1;
	for (int i = 0; i < 3; i++) {
		expect(pthread_join(threads[i], &result) == 0, "a thread can't be joined");
		expect(result != NULL, "a thread has another number");
	}
}

const struct state state_thread_ids = {
	.name = "thread-ids",
	.summary = "numbers of threads and processes",
	.run = run,
};
