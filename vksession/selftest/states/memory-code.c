/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that is written anew all the time, as a compiler at run time does. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define FUNCTIONS 64
#define SPACING	  128

/* mov eax, imm32; ret */
static void write_function(unsigned char *at, uint32_t value)
{
	at[0] = 0xb8;
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xc3;
}

static uint32_t call(unsigned char *at)
{
	uint32_t (*function)(void);

	memcpy(&function, &at, sizeof(at));
	return function();
}

static volatile int rounds, stop, bad;
static unsigned char *code, *alias;

static void *writer(void *data)
{
	for (uint32_t round = 1; !stop; round++) {
		for (uint32_t i = 0; i < FUNCTIONS; i++)
			write_function(alias + i * SPACING, round * FUNCTIONS + i);
		for (uint32_t i = 0; i < FUNCTIONS; i++) {
			if (call(code + i * SPACING) != round * FUNCTIONS + i)
				bad = 1;
		}
		rounds = 1;
	}
	rounds = -1;
	return NULL;
}

static void run(void)
{
	size_t size = FUNCTIONS * SPACING;
	int fd = (int)must(memfd_create("code", 0));
	unsigned char *fixed =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(ftruncate(fd, (off_t)size));
	alias = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	code = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	expect(fixed != MAP_FAILED && alias != MAP_FAILED && code != MAP_FAILED, "mmap: %s",
	       strerror(errno));
	write_function(fixed, 1);
	must(mprotect(fixed, size, PROT_READ | PROT_EXEC));
	expect(call(fixed) == 1, "written code does something else");
	start_thread(writer, NULL);
	await_word(&rounds, "writing code");
	must(mprotect(fixed, size, PROT_READ | PROT_WRITE));
	write_function(fixed, 2);
	must(mprotect(fixed, size, PROT_READ | PROT_EXEC));
	ready();
	expect(call(fixed) == 2, "code written before the save does something else");
	rounds = 0;
	await_word(&rounds, "writing code");
	stop = 1;
	expect(!bad, "code that was just written did something else");
}

const struct state state_memory_code = {
	.name = "memory-code",
	.summary = "code written and run all the time",
	.flags = STATE_SPINS,
	.run = run,
};
