/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The kernel's own code that reads a checkpoint, in this process.
 */
#pragma once

/**
 * Does what a thaw does up to the point where the kernel's data is replaced, but for the memory.
 * Descriptors are opened and placed in a process of their own.
 *
 * @param path  as after "thaw=" on a command line
 * @return whether the checkpoint was taken
 */
int thaw_kernel_run(const char *path);
