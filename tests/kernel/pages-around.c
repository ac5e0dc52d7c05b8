/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages does a write to private memory bring? Checks that it is the aligned block of N pages
 * around it and nothing beyond, and that no program can tell by anything but that.
 *
 * Usage: pages-around N; 1 on the host, where a page brings nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	   4096
#define REGION	   64 /* pages; a power of two */
#define PRESENT	   (1ULL << 63)
#define OF_FILE	   (1ULL << 61)
#define FILE_PAGES 24 /* and half a page more */
#define FILE_BYTES (FILE_PAGES * PAGE + PAGE / 2)

static unsigned int block;
static int pagemap;

static void expect(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "pages-around: %s\n", what);
	exit(1);
}

/* Pages of a private mapping that are aligned as much as the region is long. */
static char *map_region(int fd)
{
	char *room = mmap(NULL, 2 * REGION * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t start = ((uintptr_t)room + REGION * PAGE - 1) & ~((uintptr_t)REGION * PAGE - 1);
	char *region = mmap((void *)start, REGION * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	expect(room != MAP_FAILED && region != MAP_FAILED, "mmap fails");
	/* Large pages of the host would be in the way. */
	madvise(region, REGION * PAGE, MADV_NOHUGEPAGE);
	return region;
}

/* Is there a page of anonymous memory, or a copy of a file's page? */
static bool is_own(const char *region, unsigned int page)
{
	off_t place = (off_t)((uintptr_t)region / PAGE + page) * (off_t)sizeof(uint64_t);
	uint64_t entry;

	expect(pread(pagemap, &entry, sizeof(entry), place) == sizeof(entry),
	       "/proc/self/pagemap can't be read");
	return (entry & PRESENT) && !(entry & OF_FILE);
}

static void expect_own(const char *region, unsigned int start, unsigned int end, const char *what)
{
	for (unsigned int page = 0; page < REGION; page++)
		expect(is_own(region, page) == (page >= start && page < end), what);
}

static void check_anonymous(void)
{
	char *region = map_region(-1);
	unsigned int start = 21 / block * block;

	region[21 * PAGE + 5] = 1;
	expect_own(region, start, start + block, "a write does not bring the block around it");
	for (unsigned int i = 0; i < REGION * PAGE; i++)
		expect(region[i] == (i == 21 * PAGE + 5), "new memory is not empty");
}

static void check_limits(void)
{
	char *region = map_region(-1);
	unsigned int start = 21 / block * block;

	expect(mprotect(region, 18 * PAGE, PROT_READ) == 0, "mprotect fails");
	region[21 * PAGE] = 1;
	expect_own(region, start < 18 ? 18 : start, start + block,
		   "a write reaches into other mappings");
	region = map_region(-1);
	madvise(region, REGION * PAGE, MADV_RANDOM);
	region[21 * PAGE] = 1;
	expect_own(region, 21, 22, "a write brings more than MADV_RANDOM allows");
}

static void check_fork(void)
{
	char *region = map_region(-1);
	int status;
	pid_t pid;

	memset(region, 'p', 40 * PAGE);
	pid = fork();
	if (pid == 0) {
		region[3 * PAGE] = 'c';
		region[41 * PAGE] = 'c';
		_exit(region[4 * PAGE] != 'p' || region[3 * PAGE] != 'c');
	}
	expect(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "the child is wrong");
	for (unsigned int i = 0; i < 40 * PAGE; i++)
		expect(region[i] == 'p', "the parent sees what its child has written");
	expect(region[41 * PAGE] == 0, "the parent sees what its child has written");
}

static sigjmp_buf behind_end;

static void on_sigbus(int signal)
{
	(void)signal;
	siglongjmp(behind_end, 1);
}

static bool is_behind_end(volatile char *place, bool write)
{
	if (sigsetjmp(behind_end, 1))
		return true;
	*place = write ? 1 : *place;
	return false;
}

static void check_content(const char *region, unsigned int page, char first)
{
	expect(region[page * PAGE] == first, "a page of a file has another's content");
	for (unsigned int i = 1; i < PAGE; i++)
		expect(region[page * PAGE + i] == (page * PAGE + i < FILE_BYTES ? 'f' : 0),
		       "a page of a file has changed");
}

static void check_file(void)
{
	static char content[FILE_BYTES], now[FILE_BYTES];
	int fd = memfd_create("file", MFD_CLOEXEC);
	char *region;

	memset(content, 'f', sizeof(content));
	expect(fd >= 0 && write(fd, content, FILE_BYTES) == FILE_BYTES, "a file can't be written");
	region = map_region(fd);
	for (unsigned int page = 0; page <= FILE_PAGES; page++)
		(void)*(volatile char *)(region + page * PAGE);
	region[17 * PAGE] = '1';
	expect_own(region, 17, 18, "a single write copies more than its page");
	region[18 * PAGE] = '2';
	/* A block of 16 pages and more ends behind the file. */
	expect_own(region, 17, block >= 16 ? FILE_PAGES + 1 : 18 / block * block + block,
		   "a second write does not copy what follows in its block");
	for (unsigned int page = 0; page <= FILE_PAGES; page++)
		check_content(region, page, page == 17 ? '1' : page == 18 ? '2' : 'f');
	expect(is_behind_end(region + (FILE_PAGES + 1) * PAGE, false) &&
		       is_behind_end(region + (FILE_PAGES + 2) * PAGE, true),
	       "there is something behind the end of a file");
	expect(pread(fd, now, FILE_BYTES, 0) == FILE_BYTES && !memcmp(now, content, FILE_BYTES),
	       "a private write has reached the file");
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_sigbus };

	block = argc == 2 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (block == 0 || block > REGION || pagemap < 0 || sigaction(SIGBUS, &action, NULL))
		return 2;
	check_anonymous();
	check_limits();
	check_fork();
	check_file();
	return 0;
}
