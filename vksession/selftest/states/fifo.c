/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A named pipe with data in it, and a process that waits for a writer. */
#include <sys/stat.h>

#include "vksession/selftest/states/state.h"

static volatile int opener_tid, opened;

static void *opener(void *data)
{
	opener_tid = gettid();
	opened = open("lonely", O_RDONLY);
	return NULL;
}

static void run(void)
{
	char text[8];
	int reader, writer, late;

	must(mkfifo("fifo", 0600));
	must(mkfifo("lonely", 0600));
	reader = (int)must(open("fifo", O_RDONLY | O_NONBLOCK));
	writer = (int)must(open("fifo", O_WRONLY));
	must(write(writer, "in between", 8));
	start_thread(opener, NULL);
	await_word(&opener_tid, "the opener's start");
	await_process_state(opener_tid, 'S');
	ready();
	expect(!opened, "a FIFO without a writer has been opened");
	read_all(reader, text, sizeof(text));
	expect(memcmp(text, "in between", 8) == 0, "the data has changed");
	late = (int)must(open("lonely", O_WRONLY));
	await_word(&opened, "the end of an open");
	must(write(late, "x", 1));
	read_all(opened, text, 1);
}

const struct state state_fifo = {
	.name = "fifo",
	.summary = "named pipes, an open that waits",
	.run = run,
};
