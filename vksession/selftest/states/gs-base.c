/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that reach data through GS. */
#include <asm/prctl.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

#define THREADS 3

static unsigned long data_of[THREADS];
static volatile int rounds[THREADS], errors[THREADS], stop;

static unsigned long read_gs(void)
{
	unsigned long word;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(word));
	return word;
}

static void *worker(void *data)
{
	long number = (long)data;

	if (syscall(SYS_arch_prctl, ARCH_SET_GS, &data_of[number]) < 0) {
		errors[number] = errno;
		rounds[number] = 1;
		return NULL;
	}
	while (!stop) {
		if (read_gs() != data_of[number])
			errors[number] = -1;
		rounds[number] = 1;
	}
	return NULL;
}

static void run(void)
{
	for (long i = 0; i < THREADS; i++) {
		data_of[i] = 0x1234567800000000ul + (unsigned long)i;
		start_thread(worker, (void *)i);
	}
	for (int i = 0; i < THREADS; i++) {
		await_word(&rounds[i], "a thread's work");
		expect(errors[i] <= 0, "set the GS base: %s", strerror(errors[i]));
	}
	ready();
	for (int i = 0; i < THREADS; i++) {
		rounds[i] = 0;
		await_word(&rounds[i], "a thread's work");
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		expect(!errors[i], "thread %d reads something else through GS", i);
}

const struct state state_gs_base = {
	.name = "gs-base",
	.summary = "data behind GS, one base a thread",
	.flags = STATE_SPINS,
	.run = run,
};
