/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The surroundings of the kernel's code that reads a checkpoint. Where that ends its process, the
 * call into it returns here.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <os.h>
#include "local.h"

#include "tests/vksession/image-builder.h"

#define MAX_CPUS 64u

unsigned long uml_physmem = BUILDER_PHYSMEM;

static struct ckpt_image image;
static jmp_buf ended;

ssize_t __real_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length);
long __wrap_syscall(long number, ...);

/* Each refusal is a line; there are millions. */
ssize_t __wrap_write(int fd, const void *data, size_t length)
{
	return fd == STDERR_FILENO ? (ssize_t)length : __real_write(fd, data, length);
}

/* The only call of the code is the one that ends the process. */
long __wrap_syscall(long number, ...)
{
	if (number != SYS_exit_group)
		abort();
	longjmp(ended, 1);
}

unsigned int um_ckpt_crc(unsigned int crc, const void *data, unsigned long len)
{
	return image_crc32c(crc, data, len);
}

/* As arch/um/kernel/checkpoint.c does, as far as others rely on it. */
int um_ckpt_check_identity(const struct ckpt_identity *id, char *why, int size)
{
	if (id->page_size == UM_KERN_PAGE_SIZE && id->physmem == uml_physmem &&
	    !((id->reserved | id->high_physmem) & ~UM_KERN_PAGE_MASK) &&
	    id->reserved >= uml_physmem + BUILDER_DATA_END && id->reserved < id->high_physmem &&
	    id->high_physmem <= id->task_size && id->seccomp <= 1 && id->cpus &&
	    id->cpus <= MAX_CPUS)
		return 0;
	snprintf(why, (size_t)size, "checkpoint is of another kernel");
	return -1;
}

void os_host_xstate(struct um_xstate *xstate, int seccomp)
{
	*xstate = (struct um_xstate){ .features = 7, .size = 832 };
	xstate->part[2].offset = 576;
	xstate->part[2].size = 256;
}

int ckpt_kernel_data(unsigned int index, unsigned long *start, unsigned long *end)
{
	*start = uml_physmem + BUILDER_DATA;
	*end = uml_physmem + BUILDER_DATA_END;
	return index == 0;
}

const char *um_thaw_param(const char *name, int index)
{
	return NULL;
}

int os_move_fd(int fd, int number)
{
	if (fd == number)
		return 0;
	if (dup3(fd, number, O_CLOEXEC) < 0)
		return -errno;
	close(fd);
	return 0;
}

static void place_and_report(void)
{
	int fd = memfd_create("report", MFD_CLOEXEC);

	if (setjmp(ended))
		_exit(0);
	fd = ckpt_free_number(&image, fd);
	ckpt_place_files(&image, NULL);
	ckpt_summarize(&image);
	ckpt_write_report(&image, fd);
	_exit(0);
}

/* What is wrong there (a report of a sanitizer) is wrong here. */
static void place_elsewhere(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		place_and_report();
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		abort();
}

/* The process that the code ends would take all that with it. */
static void clean_up(int first_fd)
{
	if (image.state && image.state != MAP_FAILED)
		munmap(image.state, image.state_size);
	ckpt_buf_free(&image.fates);
	close_range((unsigned int)first_fd, UINT_MAX, 0);
}

int thaw_kernel_run(const char *path)
{
	volatile int first_fd = open("/", O_PATH | O_CLOEXEC), taken = 0;

	close(first_fd);
	if (!setjmp(ended)) {
		ckpt_load(&image, path);
		place_elsewhere();
		taken = 1;
	}
	clean_up(first_fd);
	return taken;
}
