/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that wait for signals, in sigwaitinfo and in sigsuspend. */
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static volatile int ready_tid[2], result[2];

static void handler(int number)
{
}

static void *wait_info(void *data)
{
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ready_tid[0] = gettid();
	result[0] = sigwaitinfo(&set, &info);
	return NULL;
}

static void *suspend(void *data)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGUSR2);
	ready_tid[1] = gettid();
	result[1] = sigsuspend(&set) < 0 ? errno : -1;
	return NULL;
}

static void run(void)
{
	sigset_t all;

	signal(SIGUSR2, handler);
	sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL));
	start_thread(wait_info, NULL);
	start_thread(suspend, NULL);
	for (int i = 0; i < 2; i++) {
		await_word(&ready_tid[i], "a thread's start");
		await_process_state(ready_tid[i], 'S');
	}
	ready();
	expect(!result[0] && !result[1], "a thread woke up by itself");
	must(syscall(SYS_tgkill, getpid(), ready_tid[0], SIGUSR1));
	must(syscall(SYS_tgkill, getpid(), ready_tid[1], SIGUSR2));
	await_word(&result[0], "the end of sigwaitinfo");
	await_word(&result[1], "the end of sigsuspend");
	expect(result[0] == SIGUSR1, "sigwaitinfo returned %d", result[0]);
	expect(result[1] == EINTR, "sigsuspend: %s", strerror(result[1]));
}

const struct state state_signal_wait = {
	.name = "signal-wait",
	.summary = "threads that wait for signals",
	.run = run,
};
