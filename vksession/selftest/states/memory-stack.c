/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks that have grown deep and go on growing: the process's own, and one of a mapping. */
#include <sys/mman.h>
#include <ucontext.h>

#include "vksession/selftest/states/state.h"

#define DEPTH  400
#define MORE   300
#define FRAME  8192
#define ROOM   (16UL << 20) /* where nothing else may come to be */
#define MAPPED (64UL << 10) /* of it, to begin with */

static ucontext_t own, grown;
static unsigned int grown_depth;

static unsigned int descend(unsigned int depth, void (*half_way)(void))
{
	volatile unsigned char frame[FRAME];
	unsigned int deeper;

	for (size_t i = 0; i < sizeof(frame); i += 512)
		frame[i] = (unsigned char)(depth + i / 512);
	if (depth == DEPTH)
		half_way();
	deeper = depth < DEPTH + MORE ? descend(depth + 1, half_way) : 0;
	for (size_t i = 0; i < sizeof(frame); i += 512)
		expect(frame[i] == (unsigned char)(depth + i / 512), "frame %u has changed", depth);
	return deeper + 1;
}

static void be_ready(void)
{
	ready();
}

static void on_grown_stack(void)
{
	grown_depth = descend(0, be_ready);
}

static void to_grown_stack(void)
{
	must(swapcontext(&own, &grown));
}

/* Below what is mapped of it there is room, as the kernel leaves below the stack of a process. */
static unsigned char *map_stack(void)
{
	unsigned char *room = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *top;

	expect(room != MAP_FAILED, "mmap: %s", strerror(errno));
	must(munmap(room, ROOM));
	top = mmap(room + ROOM - MAPPED, MAPPED, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0);
	expect(top != MAP_FAILED, "mmap: %s", strerror(errno));
	return room;
}

static void run(void)
{
	must(getcontext(&grown));
	grown.uc_stack = (stack_t){ .ss_sp = map_stack(), .ss_size = ROOM };
	grown.uc_link = &own;
	makecontext(&grown, on_grown_stack, 0);
	expect(descend(0, to_grown_stack) == DEPTH + MORE + 1, "a frame is lost");
	expect(grown_depth == DEPTH + MORE + 1, "a frame of the mapped stack is lost");
}

const struct state state_memory_stack = {
	.name = "memory-stack",
	.summary = "deep stacks that grow on",
	.run = run,
};
