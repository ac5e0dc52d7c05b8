/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a pipe holds, and a writer that waits for room in a full one. */
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

static volatile int writer_tid, written;

static void *writer(void *data)
{
	const int *fd = data;

	writer_tid = gettid();
	written = write(*fd, "behind", 6) == 6 ? 1 : 2;
	return NULL;
}

static void run(void)
{
	static unsigned char content[4096], found[4096];
	int small[2], full[2];
	size_t total = 0;
	char tail[6];

	must(pipe(small));
	must(pipe(full));
	pattern_fill(content, PATTERN_SIZE, PATTERN_PIPE);
	must(write(small[1], content, PATTERN_SIZE));
	pattern_fill(content, sizeof(content), 11);
	must(fcntl(full[1], F_SETFL, O_NONBLOCK));
	while (write(full[1], content, sizeof(content)) == (ssize_t)sizeof(content))
		total += sizeof(content);
	must(fcntl(full[1], F_SETFL, 0));
	start_thread(writer, &full[1]);
	await_word(&writer_tid, "the writer's start");
	await_process_state(writer_tid, 'S');
	ready();
	expect(!written, "a full pipe has taken more");
	read_all(small[0], found, PATTERN_SIZE);
	expect(pattern_differs(found, PATTERN_SIZE, PATTERN_PIPE) < 0, "the data has changed");
	for (size_t done = 0; done < total; done += sizeof(found)) {
		read_all(full[0], found, sizeof(found));
		expect(pattern_differs(found, sizeof(found), 11) < 0, "the data has changed");
	}
	read_all(full[0], tail, sizeof(tail));
	expect(memcmp(tail, "behind", 6) == 0, "what waited for room has changed");
	await_word(&written, "the writer's return");
}

const struct state state_pipe = {
	.name = "pipe",
	.summary = "data in pipes, a full pipe",
	.run = run,
};
