/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the old asynchronous interface: a poll in flight, a read that is done. */
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static void run(void)
{
	aio_context_t context = 0;
	static char text[16];
	struct iocb read_request = { .aio_lio_opcode = IOCB_CMD_PREAD,
				     .aio_data = 1,
				     .aio_buf = (uintptr_t)text,
				     .aio_nbytes = 5,
				     .aio_flags = IOCB_FLAG_RESFD };
	struct iocb poll_request = { .aio_lio_opcode = IOCB_CMD_POLL, .aio_data = 2, .aio_buf = 1 };
	struct iocb *list[] = { &read_request, &poll_request };
	struct timespec limit = { .tv_sec = 10 };
	struct io_event events[2] = { { 0 } };
	eventfd_t count;
	int ends[2];

	must(syscall(SYS_io_setup, 4, &context));
	must(pipe(ends));
	read_request.aio_fildes = (uint32_t)must(open("file", O_CREAT | O_RDWR, 0600));
	must(pwrite((int)read_request.aio_fildes, "bytes", 5, 0));
	read_request.aio_resfd = (uint32_t)must(eventfd(0, 0));
	poll_request.aio_fildes = (uint32_t)ends[0];
	expect(must(syscall(SYS_io_submit, context, 2, list)) == 2, "a request is refused");
	ready();
	must(eventfd_read((int)read_request.aio_resfd, &count));
	expect(must(syscall(SYS_io_getevents, context, 1, 1, events, &limit)) == 1 &&
		       events[0].data == 1 && events[0].res == 5,
	       "the read that was done is lost");
	expect(memcmp(text, "bytes", 5) == 0, "the data that was read has changed");
	must(write(ends[1], "x", 1));
	expect(must(syscall(SYS_io_getevents, context, 1, 1, events, &limit)) == 1 &&
		       events[0].data == 2,
	       "the poll in flight is lost");
	must(syscall(SYS_io_destroy, context));
}

const struct state state_aio = {
	.name = "aio",
	.summary = "asynchronous requests",
	.run = run,
};
