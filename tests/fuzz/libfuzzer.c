/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The targets for libFuzzer; see libfuzzer.sh. FUZZ_TARGET is one of the names in target.h.
 *
 * Its mutator is libFuzzer's own, with sizes and checksums made right afterwards, for they would
 * keep all but the first checks out of its reach.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FUZZ_TARGET.run(data, size);
	return 0;
}

/* Without a corpus, start from the seeds. */
static size_t take_seed(uint8_t *data, size_t max_size, unsigned int number)
{
	g_autoptr(GPtrArray) seeds = FUZZ_TARGET.seeds();
	const GByteArray *seed = seeds->pdata[number % seeds->len];
	size_t size = MIN(max_size, seed->len);

	memcpy(data, seed->data, size);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	g_autoptr(GByteArray) input = g_byte_array_new();

	if (size < 16)
		size = take_seed(data, max_size, seed);
	size = LLVMFuzzerMutate(data, size, max_size);
	if (!FUZZ_TARGET.repair || seed % 8 == 0)
		return size;
	g_byte_array_append(input, data, (guint)size);
	FUZZ_TARGET.repair(input);
	memcpy(data, input->data, size);
	return size;
}
