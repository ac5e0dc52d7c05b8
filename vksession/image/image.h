/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Reads what the vkernel wrote in a checkpoint: the files `state` and `memory` of a save. The
 * format is described in vksession-image(5). This reader shares no code with the kernel's and
 * believes nothing: every offset, count and length is checked before it is used, and nothing is
 * allocated by a number that the file itself does not bear out.
 *
 * Errors are G_IO_ERRORs: INVALID_DATA (damaged, or never one), NOT_SUPPORTED (of a later format,
 * or more than this machine has), NO_SPACE, or the read error.
 */
#pragma once

#include <gio/gio.h>

#define VKS_IMAGE_VERSION      2u /* the newest; 1 is read too */
#define VKS_IMAGE_MAX_SECTIONS 64u
#define VKS_IMAGE_BANNER_SIZE  256u
#define VKS_IMAGE_BUILD_ID     20u /* bytes */
#define VKS_IMAGE_MAX_CAPS     32u
#define VKS_IMAGE_MAX_PATH     4096u /* with the NUL */
/** A section that is read whole must not be longer; that of the contents is not read. */
#define VKS_IMAGE_MAX_SECTION  (64u << 20)

/** Types of sections. */
typedef enum {
	VKS_SECTION_IDENTITY = 1,
	VKS_SECTION_COMMAND_LINE,
	VKS_SECTION_EXTENTS,
	VKS_SECTION_FILES,
	VKS_SECTION_CONTENTS,
	VKS_SECTION_TYPES,
} VksSectionType;

#define VKS_SECTION_REQUIRED 1u

/** An entry of the table of sections. */
typedef struct {
	guint32 type; /* VksSectionType, or one that is not known here */
	guint32 flags;
	guint64 offset; /* bytes, in the file */
	guint64 length; /* bytes */
} VksSection;

/** What the process that thaws has to have, or to be. */
typedef struct {
	char banner[VKS_IMAGE_BANNER_SIZE]; /* as in /proc/version, NUL-terminated */
	guint8 build_id[VKS_IMAGE_BUILD_ID];
	guint32 page_size;
	guint64 data_start; /* addresses of the kernel's data */
	guint64 data_end;
	guint64 physmem;      /* address of guest physical address 0 */
	guint64 reserved;     /* address of the guest's first own page */
	guint64 high_physmem; /* address behind the last one */
	guint64 stub_start;
	guint64 task_size;
	gint64 realtime_ns; /* CLOCK_REALTIME of the host when the guest was stopped */
	guint64 xcr0;	    /* enabled parts of the extended state of the processor */
	guint32 xstate_size;
	guint32 seccomp;
	guint32 cpus;
	guint32 ncaps; /* words of caps in use */
	guint32 caps[VKS_IMAGE_MAX_CAPS];
} VksImageIdentity;

/** A run of pages in the memory file. */
typedef struct {
	guint64 start;	/* guest physical address, and offset in the file */
	guint64 length; /* bytes */
} VksExtent;

/** What becomes of a descriptor of the host in a thaw. */
typedef enum {
	VKS_FILE_REGULAR = 1,
	VKS_FILE_DIRECTORY,
	VKS_FILE_DEVICE,
	VKS_FILE_DELETED,
	VKS_FILE_REOPEN,
	VKS_FILE_INHERIT,
	VKS_FILE_HANGUP,
	VKS_FILE_DISK,
	VKS_FILE_SHARED_DISK,
	VKS_FILE_KINDS,
} VksFileKind;

/** What programs of the guest do with a file; flags. */
typedef enum {
	VKS_USE_EXECUTABLE = 1 << 0, /* mapped, as code */
	VKS_USE_PRIVATE = 1 << 1,    /* mapped private */
	VKS_USE_SHARED = 1 << 2,     /* mapped shared */
	VKS_USE_DIRTY = 1 << 3,	     /* written, and not yet on the host */
} VksFileUse;

/** A descriptor of the host. */
typedef struct {
	gint32 fd;
	guint32 kind; /* VksFileKind */
	guint32 open_flags;
	guint32 fd_flags;
	guint32 mode;
	guint64 dev;
	guint64 ino;
	guint64 rdev;
	guint64 size;
	gint64 mtime_sec;
	guint32 mtime_nsec;
	guint64 position;
	guint64 content; /* offset in the section of contents */
	guint32 use;	 /* VksFileUse; 0 in version 1 */
	char *path;	 /* absolute; NULL for kinds that have none */
} VksImageFile;

typedef struct {
	guint32 version;
	guint32 checksum;  /* CRC-32C of the state file */
	guint64 file_size; /* of the state file, bytes */
	guint n_sections;
	VksSection sections[VKS_IMAGE_MAX_SECTIONS];
	VksImageIdentity identity;
	char *command_line;   /* of the guest's kernel */
	GArray *extents;      /* of VksExtent, ascending */
	guint64 memory_bytes; /* sum of the extents */
	GPtrArray *files;     /* of VksImageFile, ascending by descriptor */
} VksImage;

void vks_image_free(VksImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksImage, vks_image_free)

/**
 * Reads a state file that is in memory.
 *
 * @param data  borrowed for the call
 * @return NULL with an error
 */
VksImage *vks_image_parse(const void *data, gsize length, GError **error);

/** Reads a state file from a descriptor of a regular file, wherever its position is. */
VksImage *vks_image_parse_fd(int fd, GError **error);

/** Reads the state file at a path; a symbolic link at its end is refused. */
VksImage *vks_image_read(const char *path, GError **error);

/** @return size of the guest's memory, and so of the memory file; bytes */
guint64 vks_image_guest_memory(const VksImage *image);

/** @return whether files of a kind have a path */
gboolean vks_image_kind_has_path(guint32 kind);

/** @return name of a kind: "file", "directory", ...; "unknown" for what is none */
const char *vks_image_kind_name(guint32 kind);

/** @return the build id as lower-case digits, "" if it is all zero; free with g_free() */
char *vks_image_build_id(const VksImage *image);

/**
 * Finds a file that belongs to an image by its descriptor's number.
 * @return borrowed; NULL if there is none
 */
VksImageFile *vks_image_file_by_fd(const VksImage *image, gint32 fd);
