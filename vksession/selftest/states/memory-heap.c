/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A large heap, touched here and there and all over. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define DENSE  (24u << 20)
#define SPARSE (255u << 20)
#define STEP   (3u << 20)

static void run(void)
{
	unsigned char *dense = malloc(DENSE);
	unsigned char *sparse = mmap(NULL, SPARSE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long wrong;

	expect(dense && sparse != MAP_FAILED, "no memory");
	pattern_fill(dense, DENSE, 21);
	for (size_t i = 0; i < SPARSE; i += STEP)
		sparse[i] = (unsigned char)(i / STEP + 1);
	ready();
	wrong = pattern_differs(dense, DENSE, 21);
	expect(wrong < 0, "byte %ld of the heap has changed", wrong);
	for (size_t i = 0; i < SPARSE; i += STEP) {
		expect(sparse[i] == (unsigned char)(i / STEP + 1), "byte %zu has changed", i);
		expect(sparse[i + 1] == 0 && sparse[i + 4096] == 0,
		       "what was never written is not zero at %zu", i);
	}
}

const struct state state_memory_heap = {
	.name = "memory-heap",
	.summary = "a large heap",
	.run = run,
};
