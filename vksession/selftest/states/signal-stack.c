/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handler that is at work on an alternate stack. */
#include "vksession/selftest/states/state.h"

static unsigned char stack[64 << 10];
static volatile int inside, leave, on_stack;
static volatile uintptr_t place;

static void handler(int number)
{
	place = (uintptr_t)__builtin_frame_address(0);
	inside = 1;
	while (!leave)
		;
	on_stack = place - (uintptr_t)stack < sizeof(stack);
}

static void *worker(void *data)
{
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	volatile int *returned = data;
	stack_t found;

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sigaltstack(NULL, &found);
	*returned = found.ss_sp == stack && found.ss_size == sizeof(stack) ? 1 : 2;
	return NULL;
}

static void run(void)
{
	volatile int returned = 0;

	start_thread(worker, (void *)&returned);
	await_word(&inside, "the handler");
	ready();
	expect(!returned, "the handler has returned by itself");
	leave = 1;
	await_word(&returned, "the handler's return");
	expect(on_stack, "the handler was not on its stack");
	expect(returned == 1, "the alternate stack has changed");
}

const struct state state_signal_stack = {
	.name = "signal-stack",
	.summary = "a handler on an alternate stack",
	.flags = STATE_SPINS,
	.run = run,
};
