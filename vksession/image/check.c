/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/image/check.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/error.h"

/* Where the vkernel keeps the guest's memory. */
#define MEMORY_FILE_SYSTEM "/dev/shm"

gboolean vks_image_check_memory(const VksImage *image, const char *path, GError **error)
{
	autofd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		vks_error_errno(error, errno, "cannot read %s", path);
		return FALSE;
	}
	if (S_ISREG(st.st_mode) && (guint64)st.st_size == vks_image_guest_memory(image))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "memory: file has %" G_GINT64_FORMAT
		    " bytes, and the guest's memory %" G_GUINT64_FORMAT,
		    (gint64)st.st_size, vks_image_guest_memory(image));
	return FALSE;
}

gboolean vks_image_check_kernel(const VksImage *image, const char *path, GError **error)
{
	g_autofree char *wanted = vks_image_build_id(image);
	guint8 id[VKS_IMAGE_BUILD_ID];

	if (!*wanted)
		return TRUE;
	if (!vks_elf_build_id(path, id, error))
		return FALSE;
	if (memcmp(id, image->identity.build_id, sizeof(id)) == 0)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "state: it is of another build of the vkernel (%.12s) than %s", wanted, path);
	return FALSE;
}

static guint64 read_xcr0(void)
{
	guint32 a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (guint64)d << 32;
}

/* A line "Name:   123 kB" of /proc/meminfo. @return bytes, 0 if there is none */
static guint64 meminfo_bytes(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? g_ascii_strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

static guint64 available_memory(void)
{
	g_autofree char *text = NULL;
	guint64 available;
	struct statvfs st;

	if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
		return G_MAXUINT64;
	available = meminfo_bytes(text, "MemAvailable:") + meminfo_bytes(text, "SwapFree:");
	if (statvfs(MEMORY_FILE_SYSTEM, &st) == 0)
		available = MIN(available, (guint64)st.f_bavail * st.f_frsize);
	return available;
}

void vks_image_machine(VksImageMachine *machine)
{
	long page_size = sysconf(_SC_PAGESIZE);

	machine->xcr0 = read_xcr0();
	machine->page_size = page_size > 0 ? (guint64)page_size : 0;
	machine->memory_bytes = available_memory();
}

gboolean vks_image_check_machine(const VksImage *image, const VksImageMachine *machine,
				 GError **error)
{
	const VksImageIdentity *id = &image->identity;
	g_autofree char *needed = NULL, *present = NULL;

	if (machine->page_size != id->page_size) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "this machine's pages are of %" G_GUINT64_FORMAT " bytes, not %u",
			    machine->page_size, id->page_size);
		return FALSE;
	}
	if (id->xcr0 & ~machine->xcr0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "this machine's processor lacks extended state (XCR0 is "
			    "0x%" G_GINT64_MODIFIER "x, and 0x%" G_GINT64_MODIFIER "x is needed)",
			    machine->xcr0, id->xcr0);
		return FALSE;
	}
	if (image->memory_bytes <= machine->memory_bytes)
		return TRUE;
	needed = g_format_size_full(image->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
	present = g_format_size_full(machine->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		    "the session's memory takes %s, and this machine has %s free", needed, present);
	return FALSE;
}
