/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers: they are there, and not those from before. */
#include <sys/random.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	unsigned char before[32], after[32];
	int fd = (int)must(open("/dev/urandom", O_RDONLY));

	must(getrandom(before, sizeof(before), 0));
	ready();
	must(getrandom(after, sizeof(after), 0));
	expect(memcmp(before, after, sizeof(before)) != 0, "the same numbers came again");
	read_all(fd, before, sizeof(before));
	expect(memcmp(before, after, sizeof(before)) != 0, "the same numbers came again");
}

const struct state state_random = {
	.name = "random",
	.summary = "random numbers",
	.run = run,
};
