/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file A full-HD picture of known content, for tests of channels. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FRAME_BYTES (1920 * 1080 * 4)
#define CHUNK	    65536 /* bytes that a program moves at once */

/* Numbers that never repeat, so that a piece at another place is noticed. */
static inline void frame_fill(unsigned char *frame)
{
	uint64_t number = 1;

	for (size_t i = 0; i + sizeof(number) <= FRAME_BYTES; i += sizeof(number)) {
		number = number * 6364136223846793005u + 1442695040888963407u;
		memcpy(frame + i, &number, sizeof(number));
	}
}

static inline bool frame_is_right(const unsigned char *frame)
{
	uint64_t number = 1;

	for (size_t i = 0; i + sizeof(number) <= FRAME_BYTES; i += sizeof(number)) {
		number = number * 6364136223846793005u + 1442695040888963407u;
		if (memcmp(frame + i, &number, sizeof(number)) != 0)
			return false;
	}
	return true;
}
