/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * /dev/checkpoint of the guest: its programs ask for a save, and learn of thaws. The interface is
 * the vkernel's, include/uapi/linux/uml_checkpoint.h in its sources; checkpoint(4) describes it.
 */
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

#define CHECKPOINT_DEVICE "/dev/checkpoint"
#define CHECKPOINT_ID_LEN 16

/** What read(2) returns once after each thaw. Times are CLOCK_REALTIME, ns; 0: never. */
struct checkpoint_status {
	uint64_t generation;	       /* thaws in this guest's past */
	uint8_t id[CHECKPOINT_ID_LEN]; /* random, another one after each thaw */
	uint64_t saves;		       /* checkpoints in its past */
	int64_t saved_ns;	       /* when the last one was written */
	int64_t thawed_ns;	       /* when it was thawed last */
};

#define CHECKPOINT_IOC_STATUS _IOR('h', 0x10, struct checkpoint_status)
#define CHECKPOINT_IOC_SAVE   _IO('h', 0x11)

#define CHECKPOINT_SAVE_STOP 1 /* end the session once it is saved */
#define CHECKPOINT_SAVE_WAIT 2 /* don't ask, wait for the next save */
