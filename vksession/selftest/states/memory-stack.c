/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack that has grown deep and goes on growing. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define DEPTH 400

static unsigned int descend(unsigned int depth, int after)
{
	volatile unsigned char frame[8192];
	unsigned int sum;

	for (size_t i = 0; i < sizeof(frame); i += 512)
		frame[i] = (unsigned char)(depth + i / 512);
	if (depth == DEPTH)
		ready();
	sum = depth < DEPTH + (unsigned int)after ? descend(depth + 1, after) : 0;
	for (size_t i = 0; i < sizeof(frame); i += 512)
		expect(frame[i] == (unsigned char)(depth + i / 512), "frame %u has changed", depth);
	return sum + 1;
}

static void run(void)
{
	void *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);

	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	expect(descend(0, 300) == DEPTH + 301, "a frame is lost");
}

const struct state state_memory_stack = {
	.name = "memory-stack",
	.summary = "a deep stack that grows on",
	.run = run,
};
