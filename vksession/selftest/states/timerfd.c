/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/timerfd.h"

#include <sys/timerfd.h>

#include "vksession/selftest/states/state.h"

int start_timerfd(clockid_t clock, int flags, int64_t first, int64_t interval)
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

/* Less than 0.3 s, nowhere by chance. */
static int64_t interval_of(clockid_t clock)
{
	return (int64_t)pattern_number(PATTERN_TIMERFD + (unsigned int)clock, INTERVAL_BITS);
}

void check_timerfds(clockid_t clock)
{
	int64_t now = now_ns(clock);
	int64_t target = now + 1500 * MS;
	int relative = start_timerfd(clock, 0, 1500 * MS, 0);
	int absolute = start_timerfd(clock, TFD_TIMER_ABSTIME, target, 0);
	int periodic = start_timerfd(clock, 0, 1, interval_of(clock));
	int idle = start_timerfd(clock, 0, 0, 0);
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
	expect(left.it_interval.tv_nsec == interval_of(clock), "the interval has changed");
	expect(!becomes_readable(idle, 0), "a timer that is not set fires");
}
