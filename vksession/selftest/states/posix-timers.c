/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers that send signals: to the process, to one thread, by CPU time; and overruns. */
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static volatile int values[8], overruns;
static volatile pid_t receiver;

static void handler(int number, siginfo_t *info, void *context)
{
	int value = info->si_value.sival_int;

	if (value == 2)
		receiver = gettid();
	/* While it was blocked: later signals of the same timer may come in time. */
	if (value == 4 && info->si_overrun > overruns)
		overruns = info->si_overrun;
	values[value & 7] = 1;
}

static timer_t start_timer(clockid_t clock, int number, int value, int ms, long repeat_ns)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = number,
				  .sigev_value.sival_int = value };
	struct itimerspec spec = { .it_value = { ms / 1000, ms % 1000 * MS },
				   .it_interval = { 0, repeat_ns } };
	timer_t timer;

	if (value == 2) {
		event.sigev_notify = SIGEV_THREAD_ID;
		event._sigev_un._tid = gettid();
	}
	must(timer_create(clock, &event, &timer));
	must(timer_settime(timer, 0, &spec, NULL));
	return timer;
}

static void run(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct itimerspec left;
	timer_t periodic;
	sigset_t set;

	must(sigaction(SIGRTMIN + 1, &action, NULL));
	must(sigaction(SIGRTMIN + 2, &action, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	start_timer(CLOCK_MONOTONIC, SIGRTMIN + 1, 1, 1500, 0);
	start_timer(CLOCK_REALTIME, SIGRTMIN + 1, 2, 1500, 0);
	periodic = start_timer(CLOCK_MONOTONIC, SIGRTMIN + 1, 3, 100, UNIQUE_INTERVAL_NS);
	start_timer(CLOCK_MONOTONIC, SIGRTMIN + 2, 4, 20, 20 * MS);
	pass_time(100);
	ready();
	await_word(&values[1], "the timer of CLOCK_MONOTONIC");
	await_word(&values[2], "the timer of CLOCK_REALTIME");
	expect(receiver == gettid(), "the signal came to thread %d", receiver);
	values[3] = 0;
	await_word(&values[3], "the periodic timer");
	must(timer_gettime(periodic, &left));
	expect(left.it_interval.tv_nsec == UNIQUE_INTERVAL_NS, "the interval has changed");
	must(sigprocmask(SIG_UNBLOCK, &set, NULL));
	await_word(&values[4], "the signal that was blocked");
	expect(overruns >= 1, "no overruns are counted");
}

const struct state state_posix_timers = {
	.name = "posix-timers",
	.summary = "POSIX timers and overruns",
	.run = run,
};
