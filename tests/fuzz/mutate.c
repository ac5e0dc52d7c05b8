/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A deterministic fuzzer: `fuzz-mutate TARGET COUNT [SEED]`. Takes well-formed inputs, changes them
 * a little or a lot, makes their checksums right again (mostly), and gives them to a parser. The
 * same arguments give the same inputs, so a failure can be had again. Built with the sanitizers, a
 * report of theirs ends the program; a parser that does not come back is ended by an alarm.
 */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_SECONDS 20u
#define MAX_CHANGES  6
#define MAX_LENGTH   65536u

static const FuzzTarget *const targets[] = {
#ifdef FUZZ_TARGET
	&FUZZ_TARGET,
#else
	&fuzz_image,
	&fuzz_manifest,
	&fuzz_frames,
	&fuzz_sealed,
#endif
};

/** A run of the fuzzer. */
typedef struct {
	const FuzzTarget *target;
	GPtrArray *seeds;
	GRand *random;
} Fuzz;

static guint below(Fuzz *fuzz, guint limit)
{
	return limit > 0 ? (guint)g_rand_int_range(fuzz->random, 0, (gint32)limit) : 0;
}

/* Numbers at which comparisons and sums go wrong. */
static guint64 odd_number(Fuzz *fuzz, guint64 before)
{
	switch (below(fuzz, 10)) {
	case 0:
		return 0;
	case 1:
		return G_MAXUINT64;
	case 2:
		return G_MAXUINT64 - 7;
	case 3:
		return G_MAXINT64;
	case 4:
		return G_MAXUINT32;
	case 5:
		return (guint64)1 << below(fuzz, 64);
	case 6:
		return before + 1;
	case 7:
		return before - 1;
	case 8:
		return before ^ (guint64)1 << below(fuzz, 64);
	default:
		return below(fuzz, 70000);
	}
}

static void flip_bit(Fuzz *fuzz, GByteArray *input)
{
	input->data[below(fuzz, input->len)] ^= (guint8)(1u << below(fuzz, 8));
}

static void set_byte(Fuzz *fuzz, GByteArray *input)
{
	input->data[below(fuzz, input->len)] = (guint8)below(fuzz, 256);
}

/* Numbers of the formats are aligned to their size. */
static void set_number(Fuzz *fuzz, GByteArray *input)
{
	guint size = below(fuzz, 2) ? 8 : 4;
	guint64 value = 0;
	guint at;

	if (input->len < size)
		return;
	at = below(fuzz, input->len / size) * size;
	memcpy(&value, input->data + at, size);
	value = odd_number(fuzz, value);
	memcpy(input->data + at, &value, size);
}

static void truncate_input(Fuzz *fuzz, GByteArray *input)
{
	g_byte_array_set_size(input, below(fuzz, input->len + 1));
}

static void remove_range(Fuzz *fuzz, GByteArray *input)
{
	guint at = below(fuzz, input->len), length = below(fuzz, 64);

	g_byte_array_remove_range(input, at, MIN(length, input->len - at));
}

static void copy_range(Fuzz *fuzz, GByteArray *input)
{
	guint from = below(fuzz, input->len), to = below(fuzz, input->len);
	guint length = below(fuzz, 128);

	memmove(input->data + to, input->data + from, MIN(length, input->len - MAX(from, to)));
}

static void append_bytes(Fuzz *fuzz, GByteArray *input)
{
	guint length = below(fuzz, 64);

	for (guint i = 0; i < length && input->len < MAX_LENGTH; i++) {
		guint8 byte = (guint8)below(fuzz, 256);

		g_byte_array_append(input, &byte, 1);
	}
}

/* The start of one input with the end of another. */
static void splice(Fuzz *fuzz, GByteArray *input)
{
	const GByteArray *other = fuzz->seeds->pdata[below(fuzz, fuzz->seeds->len)];
	guint keep = below(fuzz, input->len), from = below(fuzz, other->len);

	g_byte_array_set_size(input, keep);
	g_byte_array_append(input, other->data + from, other->len - from);
}

static void (*const changes[])(Fuzz *fuzz, GByteArray *input) = {
	flip_bit,     set_byte,	  set_number,	set_number, truncate_input,
	remove_range, copy_range, append_bytes, splice,
};

static GByteArray *make_input(Fuzz *fuzz)
{
	const GByteArray *seed = fuzz->seeds->pdata[below(fuzz, fuzz->seeds->len)];
	GByteArray *input = g_byte_array_sized_new(seed->len);
	guint n = 1 + below(fuzz, MAX_CHANGES);

	g_byte_array_append(input, seed->data, seed->len);
	for (guint i = 0; i < n && input->len > 0; i++)
		changes[below(fuzz, G_N_ELEMENTS(changes))](fuzz, input);
	if (fuzz->target->repair && below(fuzz, 8) > 0)
		fuzz->target->repair(input);
	return input;
}

static int run(Fuzz *fuzz, guint count)
{
	guint accepted = 0;

	for (guint i = 0; i < fuzz->seeds->len; i++) {
		const GByteArray *seed = fuzz->seeds->pdata[i];

		fuzz_assert(fuzz->target->run(seed->data, seed->len));
	}
	for (guint i = 0; i < count; i++) {
		g_autoptr(GByteArray) input = make_input(fuzz);
		/* Exactly as long as it is, so that one byte more is noticed. */
		g_autofree guint8 *copy = g_memdup2(input->data, input->len);

		alarm(HANG_SECONDS);
		accepted += fuzz->target->run(copy, input->len) ? 1 : 0;
	}
	alarm(0);
	printf("%u mutated %s, %u accepted, 0 crashes, 0 hangs\n", count, fuzz->target->plural,
	       accepted);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	Fuzz fuzz = { 0 };
	int status;

	for (gsize i = 0; argc > 2 && i < G_N_ELEMENTS(targets); i++) {
		if (strcmp(targets[i]->name, argv[1]) == 0)
			fuzz.target = targets[i];
	}
	if (!fuzz.target) {
		fprintf(stderr, "usage: fuzz-mutate TARGET COUNT [SEED]\n");
		return 2;
	}
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
	fuzz.seeds = fuzz.target->seeds();
	fuzz.random = g_rand_new_with_seed(argc > 3 ? (guint32)strtoul(argv[3], NULL, 10) : 1);
	status = run(&fuzz, (guint)strtoul(argv[2], NULL, 10));
	g_rand_free(fuzz.random);
	g_ptr_array_unref(fuzz.seeds);
	return status;
}
