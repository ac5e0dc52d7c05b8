/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's code for thawing needs of the header of that name. */
#pragma once

#include <stdbool.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
