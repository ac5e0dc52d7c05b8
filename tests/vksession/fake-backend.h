/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * A backend without a kernel or a display. What "runs" is files in the runtime directory:
 * `running`, `held`, `viewer`. So it works across processes, as the real one does.
 *
 * Environment:
 *   VKS_FAKE_FAIL   "STEP:CODE", a step (member of VksBackend) that fails with a G_IO_ERROR code
 *   VKS_FAKE_FILES  host files that the guest has open, "PATH=USE" a line; USE: bits of the format
 *   VKS_FAKE_MEMORY  a file: the fake guest's memory, written by a thaw, read by a checkpoint
 *   VKS_FAKE_HOLD   a fifo: a checkpoint waits until somebody has opened it for writing and closed
 */
#pragma once

#include "vksession/backend.h"

/** Bytes that the fake guest's memory has, sparse. */
#define FAKE_MEMORY_SIZE (32u << 20)

/** @return the fake */
const VksBackend *fake_backend(void);

/** Makes a step fail from now on; NULL: none. */
void fake_fail(const char *step, int io_code);
