/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/pattern.h"

#define SIGNAL(number) (1ull << ((number)-1))
#define USED	       (SIGNAL(10) | SIGNAL(37))
/* SIGKILL, SIGSTOP, and those that the C library keeps for itself */
#define UNBLOCKABLE    (SIGNAL(9) | SIGNAL(19) | SIGNAL(32) | SIGNAL(33))

static unsigned char pattern_byte(size_t i, unsigned int seed)
{
	uint32_t x = (uint32_t)i * 2654435761u + seed * 40503u;

	return (unsigned char)(x ^ x >> 15 ^ x >> 7);
}

void pattern_fill(void *data, size_t length, unsigned int seed)
{
	unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		bytes[i] = pattern_byte(i, seed);
}

long pattern_differs(const void *data, size_t length, unsigned int seed)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != pattern_byte(i, seed))
			return (long)i;
	}
	return -1;
}

uint64_t pattern_number(unsigned int seed, unsigned int bits)
{
	uint64_t number;

	pattern_fill(&number, sizeof(number), seed);
	return number >> (64 - bits);
}

void pattern_text(char *text, size_t length, unsigned int seed)
{
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + pattern_byte(i, seed) % 26);
	text[length] = '\0';
}

uint64_t pattern_signals(unsigned int seed)
{
	return (pattern_number(seed, 64) | USED) & ~UNBLOCKABLE;
}
