/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A part is found by bytes that the state has put there and that are nowhere else by chance. They
 * may also be where the state remembers what it expects; what is around them tells the difference.
 */
#include "vksession/selftest/break.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/image/source.h"
#include "vksession/selftest/states/pattern.h"

#define SSE_SIZE	 256 /* xmm0 to xmm15 */
#define MXCSR_BEFORE_XMM 136 /* in the processor's own format, 24 and 160 from the start */
#define MXCSR_DEFAULT	 0x1f80
#define CRC_OFFSET	 36 /* in the header of a state file, see vksession-image(5) */

const SelftestPart selftest_parts[] = {
	{ "fpu", "registers-sse", "SSE registers of running programs" },
	{ "timer", "posix-timers", "the interval of a timer" },
	{ "epoll", "epoll-level", "the data of a member of an epoll set" },
	{ "deleted", "file-deleted@hostfs", "the content of a deleted file of the host" },
	{ NULL, NULL, NULL },
};

/** A file of an image, mapped. */
typedef struct {
	guint8 *data;
	gsize size;
	int fd;
} Mapped;

static void mapped_clear(Mapped *mapped)
{
	if (mapped->data)
		munmap(mapped->data, mapped->size);
	autofd_close(&mapped->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mapped, mapped_clear)

static gboolean map_file(Mapped *mapped, const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct stat st;
	void *data;

	mapped->fd = open(path, O_RDWR | O_CLOEXEC);
	if (mapped->fd >= 0 && fstat(mapped->fd, &st) == 0) {
		data = mmap(NULL, (gsize)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, mapped->fd,
			    0);
		if (data != MAP_FAILED) {
			mapped->data = data;
			mapped->size = (gsize)st.st_size;
			return TRUE;
		}
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot map %s: %s", path,
		    g_strerror(errno));
	return FALSE;
}

/* ---- what tells the part from its like; at: where the bytes were found ---- */

static gboolean is_saved_register(const Mapped *mapped, gsize at)
{
	guint32 control[2]; /* MXCSR, and the mask of its bits, which is never 0 */

	if (at < MXCSR_BEFORE_XMM)
		return FALSE;
	memcpy(control, mapped->data + at - MXCSR_BEFORE_XMM, sizeof(control));
	return control[0] == MXCSR_DEFAULT && control[1] != 0;
}

static gboolean is_aligned(const Mapped *mapped, gsize at)
{
	return at % sizeof(guint64) == 0;
}

static gboolean is_anything(const Mapped *mapped, gsize at)
{
	return TRUE;
}

/**
 * Changes a byte wherever the part is.
 * @param offset  of the byte, from where the needle begins
 * @return in how many places
 */
static guint change(const Mapped *mapped, const void *needle, gsize length, gsize offset,
		    gboolean (*is_part)(const Mapped *mapped, gsize at))
{
	guint places = 0;
	off_t data, hole = 0;

	while ((data = lseek(mapped->fd, hole, SEEK_DATA)) >= 0) {
		gsize at = (gsize)data;

		hole = lseek(mapped->fd, data, SEEK_HOLE);
		while (hole > data && at + length <= (gsize)hole) {
			guint8 *found = memmem(mapped->data + at, (gsize)hole - at, needle, length);

			if (!found)
				break;
			at = (gsize)(found - mapped->data);
			if (is_part(mapped, at)) {
				found[offset] ^= 0x10;
				places++;
			}
			at++;
		}
	}
	return places;
}

static guint break_fpu(const Mapped *memory)
{
	guint8 registers[SSE_SIZE];

	pattern_fill(registers, sizeof(registers), PATTERN_SSE);
	return change(memory, registers, sizeof(registers), 0, is_saved_register);
}

static guint break_timer(const Mapped *memory)
{
	const guint64 interval = UNIQUE_INTERVAL_NS;

	return change(memory, &interval, sizeof(interval), 0, is_aligned);
}

/* As the kernel keeps it: what it looks for (EPOLLIN and the two that are always told), data. */
static guint break_epoll(const Mapped *memory)
{
	const struct {
		guint32 events;
		guint64 data;
	} __attribute__((packed)) member = { 0x19, UNIQUE_EPOLL_DATA };

	return change(memory, &member, sizeof(member), 4, is_anything);
}

static guint break_deleted(const Mapped *state)
{
	g_autofree guint8 *content = g_malloc(DELETED_SIZE);
	guint32 sum = 0;
	guint places;

	pattern_fill(content, DELETED_SIZE, PATTERN_DELETED);
	places = change(state, content, DELETED_SIZE, DELETED_SIZE / 2, is_anything);
	memcpy(state->data + CRC_OFFSET, &sum, sizeof(sum));
	sum = ~vks_crc32c(~0u, state->data, state->size);
	memcpy(state->data + CRC_OFFSET, &sum, sizeof(sum));
	return places;
}

static const struct {
	const char *file;
	guint (*function)(const Mapped *mapped);
} breakers[] = {
	{ "memory", break_fpu },
	{ "memory", break_timer },
	{ "memory", break_epoll },
	{ "state", break_deleted },
};

gboolean selftest_break(const char *dir, const char *part, GError **error)
{
	g_auto(Mapped) mapped = { .fd = -1 };
	gsize i = 0;

	while (selftest_parts[i].name && strcmp(selftest_parts[i].name, part) != 0)
		i++;
	if (!selftest_parts[i].name) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "there is no part %s to damage", part);
		return FALSE;
	}
	if (!map_file(&mapped, dir, breakers[i].file, error))
		return FALSE;
	if (breakers[i].function(&mapped) > 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: not in the image",
		    selftest_parts[i].what);
	return FALSE;
}
