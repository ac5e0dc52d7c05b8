/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The control protocol between the host (launcher/control.c) and the guest's PID 1
 * (launcher/guest/).
 *
 * One request a connection. Every message is a frame: this header in little-endian byte order, then
 * `length` bytes of payload. A "string vector" is a sequence of NUL-terminated strings.
 * Unknown frame types are answered with VK_FRAME_ERROR by the guest; the host treats them as a
 * fault.
 *
 * After an accepted EXEC both sides send frames at any time. Standard input has a window: the host
 * may be at most VK_EXEC_STDIN_WINDOW bytes ahead of what the guest has reported with STDIN_ROOM as
 * handed to the program. So the guest can always read on, and a SIGNAL frame never queues behind
 * input that a program does not read.
 */
#pragma once

#include <stdint.h>

#define VK_CONTROL_VERSION   1
#define VK_FRAME_MAX_PAYLOAD 65536
#define VK_EXEC_STDIN_WINDOW 262144

struct vk_frame_header {
	uint32_t length; /* of the payload, in bytes, at most VK_FRAME_MAX_PAYLOAD */
	uint16_t type;	 /* enum vk_frame_type */
	uint16_t zero;	 /* reserved, 0 */
};

enum vk_frame_type {
	/* requests, host to guest */
	VK_FRAME_HELLO = 1, /* empty; OK: "key=value" strings (version, boot_id, programs, ...) */
	VK_FRAME_RUN,  /* cwd, decimal count of environment strings, environment, argv; OK: pid */
	VK_FRAME_EXEC, /* as RUN; OK: pid; then the EXEC frames below until EXIT */
	VK_FRAME_LIST, /* empty; OK: one "pid\tstarted_realtime_s\tcommand" a program */
	VK_FRAME_PREPARE_SAVE, /* empty; OK after dirty pages of host files are written back */
	VK_FRAME_THAWED, /* "key=value" strings (reason=thaw|network); OK when all is renewed */
	VK_FRAME_WAIT_DISPLAY, /* empty; OK: display name, once the display stack takes viewers */
	VK_FRAME_STOP,	       /* decimal grace period in ms; OK, then the guest powers off */

	/* replies, guest to host */
	VK_FRAME_OK = 64, /* string vector, by request */
	VK_FRAME_ERROR,	  /* decimal errno, text */

	/* after an accepted EXEC */
	VK_FRAME_STDIN = 128, /* host to guest: bytes */
	VK_FRAME_STDIN_EOF,   /* host to guest: empty */
	VK_FRAME_SIGNAL,      /* host to guest: uint32 signal number, for the process group */
	VK_FRAME_STDOUT,      /* guest to host: bytes */
	VK_FRAME_STDERR,      /* guest to host: bytes */
	VK_FRAME_EXIT,	      /* guest to host: uint32 status as of wait(2); the last frame */
	VK_FRAME_STDIN_ROOM,  /* guest to host: uint32 bytes of STDIN that the program has taken */
};
