/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that are told of thaws: by a read that waits, by poll, by number and by clock. */

#include "launcher/guest/checkpoint-device.h"
#include "vksession/selftest/states/state.h"

static struct checkpoint_status woken;
static volatile int reader_tid, reader_result;

static void *reader(void *data)
{
	const int *fd = data;

	reader_tid = gettid();
	reader_result = read(*fd, &woken, sizeof(woken)) == sizeof(woken) ? 1 : 2;
	return NULL;
}

static struct checkpoint_status get_status(int fd)
{
	struct checkpoint_status status;

	must(ioctl(fd, CHECKPOINT_IOC_STATUS, &status));
	return status;
}

static void expect_notice(int fd, const struct checkpoint_status *before)
{
	int64_t time = now_ns(CLOCK_REALTIME);
	struct checkpoint_status now;

	expect(becomes_readable(fd, 0), "poll does not tell of the thaw");
	read_all(fd, &now, sizeof(now));
	expect(memcmp(now.id, before->id, sizeof(now.id)) != 0, "the id has not changed");
	/* The last save may be one before the thaw, or a live one after it. */
	expect(now.saved_ns > before->saved_ns && now.saved_ns <= time &&
		       now.thawed_ns > before->thawed_ns && now.thawed_ns <= time,
	       "the times are wrong: saved %lld, thawed %lld", (long long)now.saved_ns,
	       (long long)now.thawed_ns);
	await_word(&reader_result, "the return of a read that waited");
	expect(reader_result == 1 && woken.generation > before->generation,
	       "the read that waited tells of generation %llu",
	       (unsigned long long)woken.generation);
}

static void run(void)
{
	static int waiting;
	int polled = (int)must(open(CHECKPOINT_DEVICE, O_RDONLY | O_NONBLOCK));
	struct checkpoint_status before = get_status(polled), after;
	int thaws;

	waiting = (int)must(open(CHECKPOINT_DEVICE, O_RDONLY));
	start_thread(reader, &waiting);
	await_word(&reader_tid, "the reader's start");
	await_process_state(reader_tid, 'S');
	thaws = ready();
	after = get_status(polled);
	expect(after.generation == before.generation + (uint64_t)thaws,
	       "the guest was thawed %d times, generation %llu became %llu", thaws,
	       (unsigned long long)before.generation, (unsigned long long)after.generation);
	if (thaws > 0)
		expect_notice(polled, &before);
	expect(!becomes_readable(polled, 0), "poll tells of a thaw too many");
	expect(thaws > 0 || !reader_result, "a read returned without a thaw");
}

const struct state state_thaw_notice = {
	.name = "thaw-notice",
	.summary = "programs are told of thaws",
	.run = run,
};
