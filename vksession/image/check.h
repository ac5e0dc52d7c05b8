/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Whether an image, the files that belong to it, and a machine fit together. Errors are as in
 * image.h; each names what does not fit.
 */
#pragma once

#include "vksession/image/image.h"

/**
 * Compares the memory file with the image: its size, and that there is a place for each extent.
 * @param path  of the memory file; a symbolic link at its end is refused
 */
gboolean vks_image_check_memory(const VksImage *image, const char *path, GError **error);

/**
 * Compares the build id in a kernel's ELF notes with that of the image.
 *
 * @param path  of the vkernel
 * @return FALSE with INVALID_DATA if the image is of another build, or the file is no kernel. An
 *         image that has no build id fits any
 */
gboolean vks_image_check_kernel(const VksImage *image, const char *path, GError **error);

/** What of a machine an image depends on. */
typedef struct {
	guint64 xcr0;	      /* enabled parts of the extended state of the processor */
	guint64 page_size;    /* bytes */
	guint64 memory_bytes; /* that the guest can have without delay; G_MAXUINT64: unknown */
} VksImageMachine;

/** Looks at this machine: XCR0, page size, free memory of the host and of /dev/shm. */
void vks_image_machine(VksImageMachine *machine);

/**
 * Compares an image with a machine.
 * @return FALSE with NOT_SUPPORTED (processor, page size) or NO_SPACE (memory)
 */
gboolean vks_image_check_machine(const VksImage *image, const VksImageMachine *machine,
				 GError **error);

/**
 * Finds the build id in an ELF file of 64 bits.
 *
 * @param[out] id  the first VKS_IMAGE_BUILD_ID bytes, padded with zeros
 * @return FALSE with INVALID_DATA if there is none
 */
gboolean vks_elf_build_id(const char *path, guint8 id[VKS_IMAGE_BUILD_ID], GError **error);
