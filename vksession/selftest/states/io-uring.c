/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are in flight in an io_uring: a read that waits, a poll, a time-out. */
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

struct ring {
	int fd;
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *entries;
};

static uint32_t *word(const struct ring *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring->rings + offset);
}

static void open_ring(struct ring *ring)
{
	size_t size;

	*ring = (struct ring){ 0 };
	ring->fd = (int)syscall(SYS_io_uring_setup, 8, &ring->params);
	if (ring->fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip("io_uring: %s", strerror(errno));
	must(ring->fd);
	size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < ring->params.sq_off.array + ring->params.sq_entries * sizeof(uint32_t))
		size = ring->params.sq_off.array + ring->params.sq_entries * sizeof(uint32_t);
	ring->rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, ring->params.sq_entries * sizeof(*ring->entries),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			     IORING_OFF_SQES);
	expect(ring->rings != MAP_FAILED && ring->entries != MAP_FAILED, "map the ring: %s",
	       strerror(errno));
}

static void submit(struct ring *ring, const struct io_uring_sqe *entry)
{
	uint32_t tail = *word(ring, ring->params.sq_off.tail);
	uint32_t slot = tail & *word(ring, ring->params.sq_off.ring_mask);

	ring->entries[slot] = *entry;
	word(ring, ring->params.sq_off.array)[slot] = slot;
	__atomic_store_n(word(ring, ring->params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	expect(must(syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0)) == 1,
	       "the ring takes no request");
}

/* Waits for the next completion. @return its result; *data is the request's */
static int complete(struct ring *ring, uint64_t *data)
{
	uint32_t head = *word(ring, ring->params.cq_off.head);
	const struct io_uring_cqe *done;

	while (head == __atomic_load_n(word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE)) {
		if (syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) <
		    0)
			expect(errno == EINTR, "wait for a completion: %s", strerror(errno));
	}
	done = (const struct io_uring_cqe *)(const void *)(ring->rings + ring->params.cq_off.cqes) +
	       (head & *word(ring, ring->params.cq_off.ring_mask));
	*data = done->user_data;
	__atomic_store_n(word(ring, ring->params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return done->res;
}

static void run(void)
{
	static const struct __kernel_timespec limit = { .tv_sec = 1 };
	static char text[8];
	bool seen[4] = { false };
	struct ring ring;
	int read_pipe[2], poll_pipe[2];

	open_ring(&ring);
	must(pipe(read_pipe));
	must(pipe(poll_pipe));
	submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_READ,
					      .fd = read_pipe[0],
					      .addr = (uintptr_t)text,
					      .len = 5,
					      .user_data = 1 });
	submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_POLL_ADD,
					      .fd = poll_pipe[0],
					      .poll_events = 1,
					      .user_data = 2 });
	submit(&ring, &(struct io_uring_sqe){ .opcode = IORING_OP_TIMEOUT,
					      .fd = -1,
					      .addr = (uintptr_t)&limit,
					      .len = 1,
					      .user_data = 3 });
	ready();
	must(write(read_pipe[1], "hello", 5));
	must(write(poll_pipe[1], "x", 1));
	for (int i = 0; i < 3; i++) {
		uint64_t which;
		int result = complete(&ring, &which);

		expect(which >= 1 && which <= 3 && !seen[which], "a completion for request %llu",
		       (unsigned long long)which);
		seen[which] = true;
		expect(which != 1 || (result == 5 && memcmp(text, "hello", 5) == 0),
		       "the read returned %d", result);
		expect(which != 2 || (result & 1), "the poll returned %d", result);
		expect(which != 3 || result == -ETIME, "the time-out returned %d", result);
	}
}

const struct state state_io_uring = {
	.name = "io-uring",
	.summary = "io_uring with requests in flight",
	.run = run,
};
