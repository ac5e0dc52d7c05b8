/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What encryption costs: the same session, saved and thawed, in the open and encrypted, in turn.
 */
#pragma once

#include "tests/harness/person.h"

/** Notes one sample of each figure. */
void sealed_measure(struct person *person);
