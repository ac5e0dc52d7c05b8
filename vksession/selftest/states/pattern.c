/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/selftest/states/pattern.h"

#include <stdint.h>

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
