/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/timerfd.h"

#include <sys/timerfd.h>

#include "vksession/selftest/states/state.h"

static int start_timer(int clock, int flags, int64_t first, int64_t interval)
{
	struct itimerspec spec = {
		.it_value = { .tv_sec = first / 1000000000, .tv_nsec = first % 1000000000 },
		.it_interval = { .tv_sec = interval / 1000000000,
				 .tv_nsec = interval % 1000000000 },
	};
	int fd = (int)must(timerfd_create(clock, TFD_CLOEXEC));

	must(timerfd_settime(fd, flags, &spec, NULL));
	return fd;
}

void check_timerfds(clockid_t clock)
{
	int64_t now = now_ns(clock);
	int64_t target = now + 1500 * MS;
	int relative = start_timer(clock, 0, 1500 * MS, 0);
	int absolute = start_timer(clock, TFD_TIMER_ABSTIME, target, 0);
	int periodic = start_timer(clock, 0, 100 * MS, 100 * MS);
	int idle = start_timer(clock, 0, 0, 0);
	uint64_t count;
	struct itimerspec left;

	ready();
	read_all(absolute, &count, sizeof(count));
	now = now_ns(clock);
	expect(count == 1 && now >= target, "the timer fires %lld ms too early",
	       (long long)((target - now) / MS));
	expect(becomes_readable(relative, 30000), "the relative timer does not fire");
	read_all(periodic, &count, sizeof(count));
	expect(count >= 1, "the periodic timer has stopped");
	read_all(periodic, &count, sizeof(count));
	expect(count >= 1, "the periodic timer has stopped");
	must(timerfd_gettime(periodic, &left));
	expect(left.it_interval.tv_nsec == 100 * MS, "the interval has changed");
	expect(!becomes_readable(idle, 0), "a timer that is not set fires");
}
