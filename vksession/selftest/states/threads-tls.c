/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads with their own variables and FS bases, that compute and sleep. */
#include <asm/prctl.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

#define THREADS 4

static __thread long value;
static __thread char text[64];
static volatile int rounds[THREADS], errors[THREADS], stop;

static unsigned long fs_base(void)
{
	unsigned long base = 0;

	syscall(SYS_arch_prctl, ARCH_GET_FS, &base);
	return base;
}

static void *worker(void *data)
{
	long number = (long)data;
	unsigned long base = fs_base();
	char wanted[sizeof(text)];

	value = number * 1000;
	snprintf(text, sizeof(text), "thread %ld", number);
	snprintf(wanted, sizeof(wanted), "thread %ld", number);
	for (long i = 1; !stop; i++) {
		for (volatile int spin = 0; spin < 20000; spin++)
			;
		value++;
		if (value != number * 1000 + i || strcmp(text, wanted) != 0)
			errors[number] = 1;
		if (fs_base() != base)
			errors[number] = 2;
		if (i % 16 == 0)
			pass_time(1);
		rounds[number] = 1;
	}
	rounds[number] = -1;
	return NULL;
}

static void run(void)
{
	for (long i = 0; i < THREADS; i++)
		start_thread(worker, (void *)i);
	for (int i = 0; i < THREADS; i++)
		await_word(&rounds[i], "a thread's work");
	ready();
	for (int i = 0; i < THREADS; i++) {
		rounds[i] = 0;
		await_word(&rounds[i], "a thread's work");
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++) {
		expect(errors[i] != 1, "thread %d has another thread's variables", i);
		expect(errors[i] != 2, "the FS base of thread %d has changed", i);
	}
}

const struct state state_threads_tls = {
	.name = "threads-tls",
	.summary = "variables of threads, FS bases",
	.flags = STATE_SPINS,
	.run = run,
};
