/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A group of tests that are steps of one story: what comes after a step that failed is not tried.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "person.h"

/** An entry in the list of tests. The function calls story_step_done() at its end. */
#define STORY_STEP(function) cmocka_unit_test_setup(function, story_step_begin)

/** Set-up of a step: refuses it if an earlier one failed. */
int story_step_begin(void **state);

/** Notes that the present step went well. */
void story_step_done(void);

/** @return whether all steps that were begun went well */
bool story_is_well(void);

/** One story: a person, what they do, and how long it may take. */
struct story_plan {
	const char *name;
	struct person *person; /* is made before the first step and ended after the last */
	void (*begin)(void);   /* once the person is there; may be NULL */
	void (*end)(void);     /* frees what the steps made, after the person's end; may be NULL */
	const struct CMUnitTest *steps;
	size_t count; /* of steps */
	unsigned int limit_s;
};

/**
 * Runs a story; see supervise() for what is around it.
 * @return exit status for main()
 */
int story_main(const struct story_plan *plan);

/**
 * The whole main() of a program that tells one story.
 * @param title     its name
 * @param whom      the story's struct person
 * @param list      array of its steps
 * @param limit_in  seconds
 * @param ...       .begin and .end of the plan
 */
#define STORY_MAIN(title, whom, list, limit_in, ...)                                               \
	int main(void)                                                                             \
	{                                                                                          \
		const struct story_plan plan = { .name = (title),                                  \
						 .person = &(whom),                                \
						 .steps = (list),                                  \
						 .count = sizeof(list) / sizeof((list)[0]),        \
						 .limit_s = (limit_in),                            \
						 __VA_ARGS__ };                                    \
                                                                                                   \
		return story_main(&plan);                                                          \
	}
