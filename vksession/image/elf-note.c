/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel is ours, but what lies at its path need not be: all that is read is bounded. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "launcher/autofd.h"
#include "vksession/error.h"
#include "vksession/image/check.h"
#include "vksession/image/source.h"

#define MAX_HEADERS   64u
#define MAX_NOTES     65536u
#define NOTE_ALIGN(n) (((guint64)(n) + 3) & ~(guint64)3)

/* Goes through the notes of one segment. */
static gboolean find_note(const guint8 *notes, guint64 length, guint8 id[VKS_IMAGE_BUILD_ID])
{
	guint64 at = 0;

	while (length - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		guint64 name, description, next;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		description = name + NOTE_ALIGN(note.n_namesz);
		next = description + NOTE_ALIGN(note.n_descsz);
		if (description > length || note.n_descsz > length - description)
			return FALSE;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    memcmp(notes + name, "GNU", sizeof("GNU")) == 0) {
			memset(id, 0, VKS_IMAGE_BUILD_ID);
			memcpy(id, notes + description, MIN(note.n_descsz, VKS_IMAGE_BUILD_ID));
			return TRUE;
		}
		if (next > length)
			return FALSE;
		at = next;
	}
	return FALSE;
}

static gboolean find_in_segment(const VksSource *source, const Elf64_Phdr *segment,
				guint8 id[VKS_IMAGE_BUILD_ID])
{
	g_autofree guint8 *notes = NULL;

	if (segment->p_type != PT_NOTE)
		return FALSE;
	notes = vks_source_dup(source, segment->p_offset, segment->p_filesz, MAX_NOTES, NULL);
	return notes && find_note(notes, segment->p_filesz, id);
}

static gboolean find_build_id(const VksSource *source, guint8 id[VKS_IMAGE_BUILD_ID])
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (!vks_source_read(source, 0, &header, sizeof(header), NULL) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_phentsize != sizeof(segment) || header.e_phnum > MAX_HEADERS ||
	    header.e_phoff > source->size)
		return FALSE;
	for (guint i = 0; i < header.e_phnum; i++) {
		if (!vks_source_read(source, header.e_phoff + i * sizeof(segment), &segment,
				     sizeof(segment), NULL))
			return FALSE;
		if (find_in_segment(source, &segment, id))
			return TRUE;
	}
	return FALSE;
}

gboolean vks_elf_build_id(const char *path, guint8 id[VKS_IMAGE_BUILD_ID], GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	VksSource source = { .fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		vks_error_errno(error, errno, "cannot read %s", path);
		return FALSE;
	}
	source.size = S_ISREG(st.st_mode) ? (guint64)st.st_size : 0;
	if (find_build_id(&source, id))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no vkernel with a build id",
		    path);
	return FALSE;
}
