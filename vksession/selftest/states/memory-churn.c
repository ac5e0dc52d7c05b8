/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that fills, verifies, gives back and takes memory all the time. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define BLOCKS 256
#define SIZE   (64u << 10)

struct block {
	unsigned char *data;
	unsigned int seed; /* of what is in it */
};

static bool fill(struct block *block, unsigned int seed)
{
	if (!block->data) {
		block->data = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
		if (block->data == MAP_FAILED)
			return false;
	}
	block->seed = seed;
	pattern_fill(block->data, SIZE, seed);
	return true;
}

static bool is_right(const struct block *block)
{
	return pattern_differs(block->data, SIZE, block->seed) < 0;
}

static void churn(struct work *work)
{
	struct block blocks[BLOCKS] = { { NULL } };

	for (unsigned int i = 0; i < BLOCKS; i++) {
		if (!fill(&blocks[i], i))
			work->bad = 2;
	}
	for (unsigned int round = BLOCKS; !work->stop && !work->bad; round++) {
		struct block *block = &blocks[round * 7919 % BLOCKS];

		if (!is_right(block))
			work->bad = 1;
		if (round % 8 == 0) {
			munmap(block->data, SIZE);
			block->data = NULL;
		}
		if (!fill(block, round))
			work->bad = 2;
		work->rounds = 1;
	}
	for (unsigned int i = 0; i < BLOCKS && !work->bad; i++) {
		if (!is_right(&blocks[i]))
			work->bad = 1;
	}
	work->rounds = 1;
}

static void run(void)
{
	int bad = work_through(churn, "filling memory");

	expect(bad != 1, "memory held something else than what was written");
	expect(!bad, "there was no memory");
}

const struct state state_memory_churn = {
	.name = "memory-churn",
	.summary = "memory filled and verified all the time",
	.flags = STATE_SPINS,
	.run = run,
};
