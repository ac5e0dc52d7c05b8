/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Bytes that are nowhere by chance; also for the host, which looks for them in a save. */
#pragma once

#include <stddef.h>

/* Seeds and values that the host knows (see break.c). */
#define PATTERN_SSE	   7
#define PATTERN_DELETED	   71
#define DELETED_SIZE	   20000
#define UNIQUE_INTERVAL_NS 100000007
#define UNIQUE_EPOLL_DATA  0x1122334455667788ull

/** Fills memory with what depends on seed. */
void pattern_fill(void *data, size_t length, unsigned int seed);
/** @return offset of the first byte that differs from the pattern; -1 if none does */
long pattern_differs(const void *data, size_t length, unsigned int seed);
