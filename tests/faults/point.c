/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "point.h"

#include <errno.h>
#include <sys/syscall.h>

#define FAULT_KILL  (-1)
#define FAULT_SHORT (-2)
#define MAX_ERRNOS  8

/** A system call and the ways in which it may fail. */
typedef struct {
	int number;
	const char *name;
	int faults[MAX_ERRNOS]; /* errnos; 0 ends them */
	gboolean has_count;	/* args[2] is a length: it may do less */
} FaultyCall;

static const FaultyCall faulty_calls[] = {
	{ SYS_openat, "openat", { EACCES, EMFILE, ENOSPC, EROFS, EIO, EDQUOT, ENOMEM }, FALSE },
	{ SYS_read, "read", { EIO, EINTR, ENOMEM }, TRUE },
	{ SYS_pread64, "pread64", { EIO, EINTR, ENOMEM }, TRUE },
	{ SYS_write, "write", { ENOSPC, EIO, EDQUOT, EFBIG, EINTR, EROFS }, TRUE },
	{ SYS_pwrite64, "pwrite64", { ENOSPC, EIO, EDQUOT, EFBIG, EINTR, EROFS }, TRUE },
	{ SYS_copy_file_range, "copy_file_range", { EIO, ENOSPC, EXDEV, EOPNOTSUPP, EINTR }, FALSE },
	{ SYS_ftruncate, "ftruncate", { EIO, ENOSPC, EFBIG, EROFS, EDQUOT }, FALSE },
	{ SYS_fsync, "fsync", { EIO, ENOSPC, EDQUOT, EROFS }, FALSE },
	{ SYS_fdatasync, "fdatasync", { EIO, ENOSPC, EDQUOT, EROFS }, FALSE },
	{ SYS_syncfs, "syncfs", { EIO, ENOSPC }, FALSE },
	{ SYS_rename, "rename", { EIO, ENOSPC, EROFS, EACCES, EDQUOT }, FALSE },
	{ SYS_renameat2, "renameat2", { EIO, ENOSPC, EROFS, EINVAL, ENOSYS, EEXIST }, FALSE },
	{ SYS_mkdir, "mkdir", { EIO, ENOSPC, EROFS, EACCES, EDQUOT }, FALSE },
	{ SYS_rmdir, "rmdir", { EIO, EROFS, EACCES, EBUSY, ENOTEMPTY }, FALSE },
	{ SYS_unlink, "unlink", { EIO, EROFS, EACCES, EBUSY }, FALSE },
	{ SYS_unlinkat, "unlinkat", { EIO, EROFS, EACCES, EBUSY }, FALSE },
	{ SYS_symlink, "symlink", { EIO, ENOSPC, EROFS, EDQUOT }, FALSE },
	{ SYS_link, "link", { EIO, ENOSPC, EROFS, EMLINK }, FALSE },
	{ SYS_linkat, "linkat", { EIO, ENOSPC, EROFS, EMLINK }, FALSE },
	{ SYS_chmod, "chmod", { EIO, EPERM, EROFS }, FALSE },
	{ SYS_fchmod, "fchmod", { EIO, EPERM, EROFS }, FALSE },
	{ SYS_flock, "flock", { EINTR, ENOLCK }, FALSE },
	{ SYS_fstat, "fstat", { EIO, ENOMEM }, FALSE },
	{ SYS_stat, "stat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_lstat, "lstat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_newfstatat, "newfstatat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_statx, "statx", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_access, "access", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_faccessat2, "faccessat2", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_getdents64, "getdents64", { EIO, ENOMEM }, FALSE },
	{ SYS_readlink, "readlink", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_lseek, "lseek", { EIO, EINVAL }, FALSE },
	{ SYS_statfs, "statfs", { EIO, ENOMEM }, FALSE },
	{ SYS_ioctl, "ioctl", { EIO, EOPNOTSUPP, ENOSPC, EXDEV }, FALSE },
	{ SYS_fallocate, "fallocate", { EIO, ENOSPC, EOPNOTSUPP }, FALSE },
	{ SYS_clone3, "clone3", { EAGAIN, ENOMEM }, FALSE },
};

const gsize n_faulty_calls = G_N_ELEMENTS(faulty_calls);
G_STATIC_ASSERT(G_N_ELEMENTS(faulty_calls) <= MAX_FAULTY_CALLS);

const int *faulty_call_numbers(void)
{
	static int numbers[G_N_ELEMENTS(faulty_calls) + 1];

	for (gsize i = 0; i < G_N_ELEMENTS(faulty_calls); i++)
		numbers[i] = faulty_calls[i].number;
	numbers[G_N_ELEMENTS(faulty_calls)] = -1;
	return numbers;
}

gsize faulty_call_find(long number)
{
	for (gsize i = 0; i < G_N_ELEMENTS(faulty_calls); i++) {
		if (faulty_calls[i].number == number)
			return i;
	}
	g_assert_not_reached();
}

const char *faulty_call_name(gsize call)
{
	return faulty_calls[call].name;
}

gboolean point_choose_fault(Point *point, guint i)
{
	const FaultyCall *call = &faulty_calls[point->call];
	guint first = call->has_count ? 2 : 1;

	if (i < first)
		point->fault = i == 0 ? FAULT_KILL : FAULT_SHORT;
	else
		point->fault = i - first < MAX_ERRNOS ? call->faults[i - first] : 0;
	return point->fault != 0;
}

TraceVerdict point_apply(const Point *point, TraceCall *call)
{
	if (point->fault == FAULT_KILL)
		return TRACE_KILL;
	if (point->fault == FAULT_SHORT) {
		call->args[2] = (call->args[2] + 1) / 2;
		return TRACE_CHANGE;
	}
	call->result = -point->fault;
	return TRACE_SKIP;
}

gboolean point_kills(const Point *point)
{
	return point->fault == FAULT_KILL;
}

char *point_describe(const Point *point, const char *what)
{
	const char *name = faulty_calls[point->call].name;

	if (point->fault == FAULT_KILL)
		return g_strdup_printf("%s: kill at %s %u", what, name, point->nth);
	if (point->fault == FAULT_SHORT)
		return g_strdup_printf("%s: short %s %u", what, name, point->nth);
	return g_strdup_printf("%s: %s %u: %s", what, name, point->nth, g_strerror(point->fault));
}
