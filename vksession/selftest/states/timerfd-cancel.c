/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer that is to be cancelled when the wall clock is set, as a thaw does. */
#include <sys/timerfd.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct itimerspec spec = { .it_value = { .tv_sec = time(NULL) + 3600 } };
	int fd = (int)must(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
	int64_t offset = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	uint64_t count;
	ssize_t got;

	must(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL));
	ready();
	offset = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC) - offset;
	got = read(fd, &count, sizeof(count));
	if (offset > 500 * MS)
		expect(got < 0 && errno == ECANCELED,
		       "the wall clock jumped by %lld ms, and the timer says: %s",
		       (long long)(offset / MS), got < 0 ? strerror(errno) : "it has fired");
	else
		expect(got < 0 && (errno == EAGAIN || errno == ECANCELED), "the timer has fired");
}

const struct state state_timerfd_cancel = {
	.name = "timerfd-cancel",
	.summary = "a timer that a clock change cancels",
	.run = run,
};
