/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program several times, one after the other, and prints how long the quickest run took, in
 * microseconds: what else the machine does only ever makes a run longer. In the guest and on the
 * host alike. Usage: stopwatch RUNS PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Return: the time of one run, or -1 if it failed. */
static int64_t run(char **argv)
{
	int64_t start = now_us();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		execvp(argv[0], argv);
		fprintf(stderr, "stopwatch: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return -1;
	return now_us() - start;
}

int main(int argc, char **argv)
{
	int64_t least = INT64_MAX;

	if (argc < 3)
		return 2;
	for (int i = atoi(argv[1]); i > 0; i--) {
		int64_t us = run(argv + 2);

		if (us < 0)
			return 1;
		if (us < least)
			least = us;
	}
	printf("%lld\n", (long long)least);
	return 0;
}
