/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that waits for a page that user space is to bring. */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "vksession/selftest/states/state.h"

static unsigned char *map;
static volatile int reader_tid, value;

static void *reader(void *data)
{
	reader_tid = gettid();
	value = *(volatile unsigned char *)map;
	return NULL;
}

static void run(void)
{
	static unsigned char page[4096] __attribute__((aligned(4096)));
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .len = 4096 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		skip("userfaultfd: %s", strerror(errno));
	must(ioctl(fd, UFFDIO_API, &api));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	where.range.start = (uintptr_t)map;
	where.range.len = 4096;
	must(ioctl(fd, UFFDIO_REGISTER, &where));
	start_thread(reader, NULL);
	await_word(&reader_tid, "the reader's start");
	expect(becomes_readable(fd, 10000), "no fault is told");
	ready();
	expect(!value, "the page is there by itself");
	memset(page, 99, sizeof(page));
	copy.dst = (uintptr_t)map;
	copy.src = (uintptr_t)page;
	must(ioctl(fd, UFFDIO_COPY, &copy));
	await_word(&value, "the page's arrival");
	expect(value == 99, "the page holds %d", value);
}

const struct state state_userfaultfd = {
	.name = "userfaultfd",
	.summary = "a fault that user space handles",
	.flags = STATE_ROOT,
	.run = run,
};
