/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Bytes that are nowhere by chance; also for the host, which looks for them in a save. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Seeds and values of what the host damages (see break.c); a state has no other copy of it. */
enum {
	PATTERN_SSE = 7,
	PATTERN_DELETED = 71,
	PATTERN_PIPE = 201,
	PATTERN_SOCKET,
	PATTERN_MEMFD,
	PATTERN_MESSAGE,
	PATTERN_TERMINAL,
	PATTERN_NAME,
	PATTERN_COUNTER,
	PATTERN_MASK,
	PATTERN_SIGNALFD,
	PATTERN_POSITION,      /* and the next ones: one a place */
	PATTERN_TIMERFD = 251, /* and the next ones: one a clock */
	PATTERN_APPEND = 301,  /* and the next ones */
	PATTERN_QUEUE = 401,   /* and the next ones: one a signal */
	PATTERN_TCP = 1001,    /* and the next ones: one a piece */
};

#define PATTERN_SIZE	   64 /* of small data */
#define DELETED_SIZE	   20000
#define UNIQUE_INTERVAL_NS 100000007
#define UNIQUE_EPOLL_DATA  0x1122334455667788ull
#define POSITION_BITS	   40
#define INTERVAL_BITS	   28
#define COUNTER_BITS	   48

/** Fills memory with what depends on seed. */
void pattern_fill(void *data, size_t length, unsigned int seed);
/** @return offset of the first byte that differs from the pattern; -1 if none does */
long pattern_differs(const void *data, size_t length, unsigned int seed);
/** @return a number below 2^bits, of up to 64 bits, that depends on seed */
uint64_t pattern_number(unsigned int seed, unsigned int bits);
/** Makes a text of this many small letters that depend on seed. @param text  with room for a NUL */
void pattern_text(char *text, size_t length, unsigned int seed);
/**
 * @return a set of signals as the kernel has it, depending on seed: SIGUSR1, SIGRTMIN + 3, and some
 *         more of those that a program can block
 */
uint64_t pattern_signals(unsigned int seed);
