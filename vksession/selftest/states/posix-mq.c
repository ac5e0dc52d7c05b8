/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A POSIX message queue with priorities, and a notification that is waited for. */
#include <mqueue.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 5, .mq_msgsize = PATTERN_SIZE };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct timespec limit = { .tv_sec = 10 };
	char name[32], text[PATTERN_SIZE];
	unsigned int priority;
	mqd_t queue, empty;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	snprintf(name, sizeof(name), "/selftest-%d", getpid());
	queue = (mqd_t)must(mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes));
	must(mq_send(queue, "low", 4, 1));
	pattern_fill(text, sizeof(text), PATTERN_MESSAGE);
	must(mq_send(queue, text, sizeof(text), 9));
	memset(text, 0, sizeof(text));
	must(mq_unlink(name));
	empty = (mqd_t)must(mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes));
	must(mq_notify(empty, &event));
	ready();
	must(mq_receive(queue, text, sizeof(text), &priority));
	expect(priority == 9, "a message with priority %u came first", priority);
	expect(pattern_differs(text, sizeof(text), PATTERN_MESSAGE) < 0, "a message has changed");
	must(mq_receive(queue, text, sizeof(text), &priority));
	expect(strcmp(text, "low") == 0 && priority == 1, "'%s' with priority %u came next", text,
	       priority);
	must(mq_send(empty, "x", 2, 0));
	expect(sigtimedwait(&set, NULL, &limit) == SIGUSR1, "the notification does not come");
	must(mq_unlink(name));
}

const struct state state_posix_mq = {
	.name = "posix-mq",
	.summary = "a POSIX message queue",
	.run = run,
};
