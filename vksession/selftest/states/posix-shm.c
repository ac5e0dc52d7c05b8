/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A named POSIX shared memory object and a named semaphore that is waited for. */
#include <semaphore.h>
#include <sys/mman.h>

#include "vksession/selftest/states/state.h"

static sem_t *semaphore;
static volatile int waiter_tid, got_it;

static void *waiter(void *data)
{
	waiter_tid = gettid();
	while (sem_wait(semaphore) < 0 && errno == EINTR)
		;
	got_it = 1;
	return NULL;
}

static void run(void)
{
	char name[32];
	unsigned char *map;
	int fd;

	snprintf(name, sizeof(name), "/selftest-%d", getpid());
	fd = (int)must(shm_open(name, O_CREAT | O_RDWR | O_EXCL, 0600));
	must(ftruncate(fd, 8192));
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED, "mmap: %s", strerror(errno));
	pattern_fill(map, 8192, 61);
	close(fd);
	semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	expect(semaphore != SEM_FAILED, "sem_open: %s", strerror(errno));
	start_thread(waiter, NULL);
	await_word(&waiter_tid, "the waiter's start");
	await_process_state(waiter_tid, 'S');
	ready();
	expect(pattern_differs(map, 8192, 61) < 0, "the memory has changed");
	must(munmap(map, 8192));
	fd = (int)must(shm_open(name, O_RDONLY, 0));
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	expect(map != MAP_FAILED && pattern_differs(map, 8192, 61) < 0,
	       "the object has changed under its name");
	expect(!got_it, "the semaphore was passed by itself");
	must(sem_post(semaphore));
	await_word(&got_it, "the waiter's turn");
	must(shm_unlink(name));
	must(sem_unlink(name));
}

const struct state state_posix_shm = {
	.name = "posix-shm",
	.summary = "POSIX shared memory and semaphore",
	.run = run,
};
