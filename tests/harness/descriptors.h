/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Whether a vkernel holds more open than before. */
#pragma once

#include <sys/types.h>

/**
 * Waits until a vkernel has nothing open that it had not before: programs of the guest that are
 * just ending have some descriptors yet. The test fails if that does not come.
 *
 * @param before  of vk_descriptors()
 */
void await_descriptors(pid_t vkernel, char **before);
