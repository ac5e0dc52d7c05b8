/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's code for thawing needs of the header of that name. */
#pragma once

#define UM_KERN_PAGE_SIZE 4096ul
#define UM_KERN_PAGE_MASK (~(UM_KERN_PAGE_SIZE - 1))

extern unsigned long uml_physmem;
