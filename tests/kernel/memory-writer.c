/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write to memory in all the ways that a guest has, for ever, and see that everything stays as it
 * was written: "writer: round N" is said now and then, "writer: BAD ..." once.
 *
 * Each area is of pages whose words are all the number of times that the page was written. The
 * numbers are kept in another place, so a page that comes out of a save in an older state is found.
 *
 * With an argument it does nothing but tell by its status whether the kernel it runs on can track
 * what is written to memory. With ALONE in the environment, it only writes to memory of its own, of
 * which the guest's kernel does not notice anything.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 512
#define BYTES (PAGES * sizeof(page_t))

typedef uint64_t page_t[512];

struct area {
	const char *name;
	page_t *pages;
	uint64_t *written; /* for each page, in memory that a child shares as well */
};

static page_t *map(int flags, int fd)
{
	void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

/* Some page that was written, and the next one. */
static void write_page(struct area *area, unsigned int i)
{
	for (unsigned int word = 0; word < 512; word++) {
		if (area->pages[i][word] != area->written[i]) {
			printf("writer: BAD %s page %u\n", area->name, i);
			exit(1);
		}
	}
	area->written[i]++;
	for (unsigned int word = 0; word < 512; word++)
		area->pages[i][word] = area->written[i];
}

static void write_some(struct area *area)
{
	for (int n = 0; n < 64; n++)
		write_page(area, (unsigned int)rand() % PAGES);
}

/* In a process of its own, which ends: what it shares stays, its copies go. */
static void write_in_child(struct area *shared, struct area *copied)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		err(1, "fork");
	srand((unsigned int)rand());
	if (child == 0) {
		page_t *written = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

		memcpy(written, copied->written, PAGES * sizeof(uint64_t));
		copied->written = written[0];
		write_some(shared);
		write_some(copied);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

/* Mapped, written and unmapped at once; then by write(), which is the kernel's doing. */
static void write_file(int fd, struct area *area)
{
	area->pages = map(MAP_SHARED, fd);
	write_some(area);
	munmap(area->pages, BYTES);
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int n = (unsigned int)rand() % PAGES;
		page_t page;

		area->written[n]++;
		for (unsigned int word = 0; word < 512; word++)
			page[word] = area->written[n];
		if (pwrite(fd, page, sizeof(page), (off_t)(n * sizeof(page))) != sizeof(page))
			err(1, "write");
	}
}

/* A file of the host: it reads into pages of the guest. */
static void read_host(void)
{
	static char first[1 << 16], second[1 << 16];
	int fd = open("/proc/self/exe", O_RDONLY);

	for (int n = 0; n < 2; n++) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (pread(fd, n ? second : first, sizeof(first), 0) <= 0)
			err(1, "read");
	}
	if (memcmp(first, second, sizeof(first)) != 0)
		printf("writer: BAD file of the host\n");
	close(fd);
}

/* Asynchronous write-protection, also of shared memory and of pages that are not there yet. */
static int can_track(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = 1ULL << 12 | 1ULL << 13 | 1ULL << 15,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);

	return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0;
}

/* With LATE in the environment, the kernel begins to track when we are running already. */
static void switch_on(void)
{
	int fd;

	if (!getenv("LATE"))
		return;
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	fd = open("/sys/module/um_ckpt/parameters/live", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "live");
	close(fd);
}

_Noreturn static void write_for_ever(void)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS;
	page_t *written = map(flags, -1);
	int fd = open("/mnt/file", O_RDWR | O_CREAT, 0600);
	int segment = shmget(IPC_PRIVATE, BYTES, 0600);
	struct area own = { "own", map(MAP_PRIVATE | MAP_ANONYMOUS, -1), written[0] };
	struct area shared = { "shared", map(flags, -1), written[1] };
	struct area segments = { "segment", shmat(segment, NULL, 0), written[2] };
	struct area file = { "file", NULL, written[3] };

	if (fd < 0 || ftruncate(fd, BYTES) < 0 || segments.pages == (void *)-1)
		err(1, "set-up");
	switch_on();
	setlinebuf(stdout);
	for (unsigned int round = 1;; round++) {
		write_some(&own);
		if (round % 32 == 0)
			printf("writer: round %u\n", round);
		if (getenv("ALONE"))
			continue;
		write_in_child(&shared, &own);
		write_in_child(&segments, &own);
		write_file(fd, &file);
		read_host();
	}
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		return can_track() ? 0 : 1;
	write_for_ever();
}
