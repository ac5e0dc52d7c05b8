/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for the vkernel: tells what it was started with, answers on the control listener, and
 * does what the file `behaviour` beside the runtime directory says.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/command-line.h"
#include "launcher/frame.h"

/* The directory that the runtime directory is in, from uml_dir=. */
static void find_base(char **argv, char *base, size_t size)
{
	for (; *argv; argv++) {
		if (strncmp(*argv, "uml_dir=", 8) == 0)
			snprintf(base, size, "%s..", *argv + 8);
	}
}

static void read_behaviour(const char *base, char *behaviour, size_t size)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/behaviour", base);
	file = fopen(path, "re");
	if (!file || !fgets(behaviour, (int)size, file))
		exit(100);
	fclose(file);
}

static void tell_circumstances(char **envp)
{
	struct rlimit limit;
	cpu_set_t cpus;
	mode_t mask = umask(0);
	int open_fds = 0;

	for (int fd = 0; fd < 1024; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("fds=%d umask=%o cpus=%d files=%s env=", open_fds, mask, CPU_COUNT(&cpus),
	       limit.rlim_cur == limit.rlim_max ? "max" : "less");
	for (; *envp; envp++)
		printf("%s;", *envp);
	printf("\n");
	fflush(stdout);
}

/* A process that has left our session, as a test for the launcher being the last ancestor. */
static void leave_orphan(const char *base)
{
	char path[512];
	FILE *file;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (fork() > 0)
			_exit(0);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "%s/orphan", base);
	file = fopen(path, "we");
	if (file) {
		fprintf(file, "%d\n", pid);
		fclose(file);
	}
}

/* HELLO is answered; the news of a restarted network helper ends us. */
static void serve(void)
{
	for (;;) {
		uint8_t bytes[VK_FRAME_HEADER_SIZE];
		struct vk_frame_header header;
		int fd = accept(VK_FD_CONTROL, NULL, NULL);

		if (fd < 0) {
			/* The listener is non-blocking: wait for the next one. */
			fcntl(VK_FD_CONTROL, F_SETFL, 0);
			continue;
		}
		if (recv(fd, bytes, sizeof(bytes), MSG_WAITALL) != (ssize_t)sizeof(bytes) ||
		    vk_frame_decode_header(bytes, &header) < 0)
			exit(101);
		if (header.type == VK_FRAME_THAWED)
			exit(0);
		vk_frame_encode_header(bytes, VK_FRAME_OK, 0);
		send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		close(fd);
	}
}

int main(int argc, char **argv, char **envp)
{
	char base[256] = "";
	char behaviour[64] = "";

	find_base(argv, base, sizeof(base));
	read_behaviour(base, behaviour, sizeof(behaviour));
	tell_circumstances(envp);
	if (strcmp(behaviour, "refuse") == 0) {
		fprintf(stderr, "thaw: state: checksum differs\n");
		return 3;
	}
	if (strcmp(behaviour, "die") == 0) {
		fprintf(stderr, "vkinit: mount hostfs on /home/u: gone\n");
		return 1;
	}
	if (strcmp(behaviour, "orphan") == 0)
		leave_orphan(base);
	serve();
	return 0;
}
