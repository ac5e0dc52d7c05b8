/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program in a save that is kept: counts, holds memory that it can check, and writes down what
 * it knows whenever it is asked to, by a file `ask` beside it.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORDS 65536

static uint64_t words[WORDS];

/* xorshift: what one word is follows from the one before. */
static uint64_t next(uint64_t word)
{
	word ^= word << 13;
	word ^= word >> 7;
	return word ^ word << 17;
}

static int is_whole(void)
{
	for (int i = 1; i < WORDS; i++) {
		if (words[i] != next(words[i - 1]))
			return 0;
	}
	return words[0] == 42;
}

static void answer(unsigned long count, const struct timespec *start)
{
	struct timespec now;
	FILE *file = fopen("answer.new", "w");

	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(file, "pid %d count %lu whole %d monotonic %d\n", (int)getpid(), count, is_whole(),
		now.tv_sec >= start->tv_sec);
	fclose(file);
	rename("answer.new", "answer");
	unlink("ask");
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct timespec start;

	if (argc < 2 || chdir(argv[1]) < 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	words[0] = 42;
	for (int i = 1; i < WORDS; i++)
		words[i] = next(words[i - 1]);
	for (unsigned long count = 1;; count++) {
		if (access("ask", F_OK) == 0)
			answer(count, &start);
		nanosleep(&pause, NULL);
	}
}
