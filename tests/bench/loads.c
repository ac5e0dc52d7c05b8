/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small loads for a guest, each of which a desktop program makes all the time. Runs one and prints
 * how long it took, in microseconds per operation:
 *
 *   loads exec N       start a program and wait for its end
 *   loads pipe N       a byte to another process and back
 *   loads fault N      touch a page of memory that was not there
 *   loads syscall N    the shortest system call
 *   loads busy N       two processes that only compute; N thousand steps each
 *
 * or, until it is killed:
 *
 *   loads hold N       have N MiB in use
 *   loads churn N      and write to all of them, again and again
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES   4096
#define REGION_PAGES 4096
#define PAGES_A_MIB  256

static const char *self;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		die("fork");
	if (waitpid(pid, &status, 0) != pid || status)
		die("wait");
}

static void load_exec(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, (char *)NULL);
			_exit(1);
		}
		wait_for(pid);
	}
}

/* Sends n bytes on, one at a time. */
static void relay(int from, int to, long n)
{
	char byte;

	while (n--) {
		if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
			die("pipe");
	}
}

static void load_pipe(long n)
{
	int there[2], back[2];
	pid_t pid;

	if (pipe(there) || pipe(back))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		relay(there[0], back[1], n);
		_exit(0);
	}
	if (write(there[1], ".", 1) != 1)
		die("pipe");
	relay(back[0], there[1], n - 1);
	wait_for(pid);
}

static void load_fault(long n)
{
	while (n > 0) {
		char *region = mmap(NULL, REGION_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (region == MAP_FAILED)
			die("mmap");
		for (long i = 0; i < REGION_PAGES && n > 0; i++, n--)
			region[i * PAGE_BYTES] = 1;
		munmap(region, REGION_PAGES * PAGE_BYTES);
	}
}

static void load_syscall(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void compute(long n)
{
	volatile uint64_t state = 1;

	for (long i = 0; i < n * 1000; i++)
		state = state * 6364136223846793005u + 1442695040888963407u;
}

static void load_busy(long n)
{
	pid_t other = fork();

	compute(n);
	if (other == 0)
		_exit(0);
	wait_for(other);
}

/* Pages that are neither zero nor like each other. */
static void write_pages(uint64_t *region, long pages, uint64_t value)
{
	for (long i = 0; i < pages; i++)
		region[i * (PAGE_BYTES / (long)sizeof(*region))] = value + (uint64_t)i;
}

static uint64_t *have_pages(long pages)
{
	uint64_t *region = mmap(NULL, (size_t)pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED)
		die("mmap");
	write_pages(region, pages, 1);
	printf("ready\n");
	fflush(stdout);
	return region;
}

static void load_hold(long n)
{
	have_pages(n * PAGES_A_MIB);
	for (;;)
		pause();
}

static void load_churn(long n)
{
	uint64_t *region = have_pages(n * PAGES_A_MIB);

	for (uint64_t value = 2;; value++)
		write_pages(region, n * PAGES_A_MIB, value);
}

static const struct {
	const char *name;
	void (*run)(long n);
} loads[] = {
	{ "exec", load_exec },	     { "pipe", load_pipe }, { "fault", load_fault },
	{ "syscall", load_syscall }, { "busy", load_busy }, { "hold", load_hold },
	{ "churn", load_churn },
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return 0; /* what load_exec() starts */
	self = argv[0];
	for (size_t i = 0; argc == 3 && i < sizeof(loads) / sizeof(loads[0]); i++) {
		long n = strtol(argv[2], NULL, 10);
		double start = now_us();

		if (strcmp(argv[1], loads[i].name) != 0 || n <= 0)
			continue;
		loads[i].run(n);
		printf("%.3f\n", (now_us() - start) / (double)n);
		return 0;
	}
	fprintf(stderr, "usage: loads exec|pipe|fault|syscall|busy|hold|churn N\n");
	return 2;
}
