/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What is fuzzed: a parser of bytes from others, with everything done to its result that the
 * product does. Driven by libFuzzer (libfuzzer.c) and by a deterministic mutator (mutate.c).
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *name;
	const char *plural; /* of what is mutated, for the last line */

	/** Parses one input. @return whether it was accepted */
	gboolean (*run)(const guint8 *data, gsize length);

	/** @return well-formed inputs to start from: of GByteArray, free with g_ptr_array_unref() */
	GPtrArray *(*seeds)(void);

	/**
	 * Makes sizes and checksums of an input right again, so that what lies behind those checks
	 * is reached; NULL: there are none.
	 */
	void (*repair)(GByteArray *input);
} FuzzTarget;

extern const FuzzTarget fuzz_image, fuzz_manifest, fuzz_frames, fuzz_sealed, fuzz_thaw;

/** Ends the program with a message: a parser accepted what it must not, or the like. */
#define fuzz_assert(condition)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			g_error("%s:%d: %s", __FILE__, __LINE__, #condition);                      \
	} while (0)
