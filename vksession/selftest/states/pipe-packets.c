/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pipe of packets, and pages that were spliced into a pipe. */
#include "vksession/selftest/states/state.h"

static void run(void)
{
	int packets[2], spliced[2], file;
	char text[16];

	must(pipe2(packets, O_DIRECT));
	must(write(packets[1], "one", 3));
	must(write(packets[1], "three", 5));
	must(pipe(spliced));
	file = (int)must(open("file", O_CREAT | O_RDWR, 0600));
	must(write(file, "from a file", 11));
	must(lseek(file, 0, SEEK_SET));
	must(splice(file, NULL, spliced[1], NULL, 11, 0));
	must(unlink("file"));
	ready();
	expect(read(packets[0], text, sizeof(text)) == 3 && memcmp(text, "one", 3) == 0,
	       "the first packet has changed");
	expect(read(packets[0], text, sizeof(text)) == 5 && memcmp(text, "three", 5) == 0,
	       "the second packet has changed");
	read_all(spliced[0], text, 11);
	expect(memcmp(text, "from a file", 11) == 0, "the spliced page has changed");
}

const struct state state_pipe_packets = {
	.name = "pipe-packets",
	.summary = "packets and spliced pages in pipes",
	.run = run,
};
