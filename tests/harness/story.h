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

/** An entry in the list of tests. The function calls story_step_done() at its end. */
#define STORY_STEP(function) cmocka_unit_test_setup(function, story_step_begin)

/** Set-up of a step: refuses it if an earlier one failed. */
int story_step_begin(void **state);

/** Notes that the present step went well. */
void story_step_done(void);

/** @return whether all steps that were begun went well */
bool story_is_well(void);
