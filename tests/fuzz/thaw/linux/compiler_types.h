/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's code for thawing needs of the header of that name. */
#pragma once

#define __printf(text, first) __attribute__((format(printf, text, first)))
#define __noreturn	      __attribute__((noreturn))
