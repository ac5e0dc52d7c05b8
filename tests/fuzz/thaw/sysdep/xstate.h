/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The series has it in arch/x86/um/shared. */
#pragma once

#include <xstate.h>
