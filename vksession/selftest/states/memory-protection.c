/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages with all kinds of protection, side by side. */
#include <setjmp.h>
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

#define PAGES 32
#define PAGE  4096

static sigjmp_buf faulted;

static void handler(int number)
{
	siglongjmp(faulted, 1);
}

static bool can_read(volatile unsigned char *at)
{
	if (sigsetjmp(faulted, 1))
		return false;
	(void)*at;
	return true;
}

static bool can_write(volatile unsigned char *at)
{
	if (sigsetjmp(faulted, 1))
		return false;
	*at = 0xc3;
	return true;
}

static bool can_run(unsigned char *at)
{
	void (*function)(void);

	if (sigsetjmp(faulted, 1))
		return false;
	memcpy(&function, &at, sizeof(at));
	function();
	return true;
}

static void run(void)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
					   PROT_READ | PROT_EXEC };
	unsigned char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool runs[PAGES];

	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	signal(SIGSEGV, handler);
	memset(map, 0xc3 /* ret */, PAGES * PAGE);
	for (int i = 0; i < PAGES; i++)
		must(mprotect(map + i * PAGE, PAGE, protections[i % 4]));
	for (int i = 0; i < PAGES; i++)
		runs[i] = can_run(map + i * PAGE);
	ready();
	for (int i = 0; i < PAGES; i++) {
		int protection = protections[i % 4];

		expect(can_read(map + i * PAGE) == (protection != PROT_NONE),
		       "page %d can%s be read", i, protection == PROT_NONE ? "" : " not");
		expect(can_write(map + i * PAGE) == ((protection & PROT_WRITE) != 0),
		       "page %d can%s be written", i, protection & PROT_WRITE ? " not" : "");
		/* What is readable is executable in a vkernel, so only change is looked for. */
		expect(can_run(map + i * PAGE) == runs[i], "page %d can%s be executed", i,
		       runs[i] ? " not" : "");
	}
}

const struct state state_memory_protection = {
	.name = "memory-protection",
	.summary = "protection of pages",
	.run = run,
};
