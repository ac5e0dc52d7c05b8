/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/shutdown.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "launcher/guest/processes.h"

#define DISPLAY_GRACE_MS 1000
#define KILL_GRACE_MS	 2000

static void set_timer(struct shutdown *shutdown, unsigned int ms)
{
	/* A timer of zero would be no timer. */
	struct itimerspec spec = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L + 1 },
	};

	timerfd_settime(shutdown->timer_fd, 0, &spec, NULL);
}

static void enter_phase(struct shutdown *shutdown, enum shutdown_phase phase)
{
	shutdown->phase = phase;
	switch (phase) {
	case SHUTDOWN_DISPLAY:
		process_list_clear(&shutdown->asked);
		processes_signal(SIGTERM, 0);
		set_timer(shutdown, DISPLAY_GRACE_MS);
		break;
	case SHUTDOWN_KILL:
		kill(-1, SIGKILL);
		set_timer(shutdown, KILL_GRACE_MS);
		break;
	default:
		break;
	}
}

static bool phase_is_over(const struct shutdown *shutdown)
{
	switch (shutdown->phase) {
	case SHUTDOWN_PROGRAMS:
		return process_list_alive(&shutdown->asked) == 0;
	case SHUTDOWN_DISPLAY:
	case SHUTDOWN_KILL:
		return processes_signal(0, 0) == 0;
	default:
		return false;
	}
}

void shutdown_check(struct shutdown *shutdown)
{
	while (phase_is_over(shutdown))
		enter_phase(shutdown, shutdown->phase + 1);
}

static void time_is_up(struct event_handler *handler, uint32_t events)
{
	struct shutdown *shutdown = event_owner(handler, struct shutdown, handler);
	uint64_t count;

	if (read(shutdown->timer_fd, &count, sizeof(count)) < 0)
		return;
	if (shutdown->phase != SHUTDOWN_NONE && shutdown->phase != SHUTDOWN_DONE)
		enter_phase(shutdown, shutdown->phase + 1);
	shutdown_check(shutdown);
}

void shutdown_begin(struct shutdown *shutdown, unsigned int grace_ms)
{
	if (shutdown->phase != SHUTDOWN_NONE)
		return;
	shutdown->phase = SHUTDOWN_PROGRAMS;
	processes_ask_to_end(shutdown->display->pid, &shutdown->asked);
	set_timer(shutdown, grace_ms);
	shutdown_check(shutdown);
}

int shutdown_init(struct shutdown *shutdown, const struct display *display, struct events *events)
{
	*shutdown = (struct shutdown){ .handler.ready = time_is_up, .display = display };
	shutdown->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (shutdown->timer_fd < 0)
		return -errno;
	return events_add(events, shutdown->timer_fd, EPOLLIN, &shutdown->handler);
}
