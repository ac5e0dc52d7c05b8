/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A guest's programs can't make system calls of the host at all: the guest's kernel runs them in
 * processes whose own filter lets nothing through. What follows is for the day when a program has
 * broken into the guest's kernel, which is an ordinary process of the user: it then has
 *
 *   no new privileges - no set-uid program makes it more than it is,
 *   Landlock          - it may read what the user may (the guest's root is the host's), but change
 *                       only what the guest may change, execute nothing but itself and what it has
 *                       made in memory, make no TCP connection, and signal no process outside,
 *   system calls      - no sockets but local ones for datagrams and packets (so no D-Bus, X11 or
 *                       Wayland of the host, whose sockets are streams), and none of the calls
 *                       that look into other processes or change the system,
 *   limits            - its memory, which is the guest's, is in no core dump.
 *
 * All is prepared in the launcher, and entered in the child between fork and exec.
 */
#include "launcher/isolation.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "launcher/autofd.h"

/* Rights and fields of later kernels than the headers that we may be built with. */
#define FS_REFER      (1ULL << 13) /* 2 */
#define FS_TRUNCATE   (1ULL << 14) /* 3 */
#define NET_TCP	      (3ULL << 0)  /* 4: bind and connect */
#define SCOPE_SIGNAL  (1ULL << 1)  /* 6 */
#define FS_WRITE_FILE LANDLOCK_ACCESS_FS_WRITE_FILE
#define FS_OF_A_FILE  (FS_WRITE_FILE | FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE)
#define FS_WRITE                                                                                   \
	(FS_WRITE_FILE | FS_REFER | FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                  \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Without REFER (version 1), files could not be moved between directories: too little to use. */
#define MIN_LANDLOCK 2
/* A pipe to a core dump handler is kept from by this limit only, not by 0; see core(5) and
 * fs/coredump.c in Linux. */
#define CORE_LIMIT   1

/* struct landlock_ruleset_attr of version 6 */
struct ruleset {
	guint64 fs;
	guint64 net;
	guint64 scoped;
};

/* Of Linux 6.3 */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

struct VkIsolation {
	int landlock;		  /* version of the kernel's; 0: not used */
	int rules_fd;		  /* -1 */
	struct sock_fprog filter; /* of our own memory; len 0: not used */
};

/* These are let through for nobody. What the C library and the guest's kernel need is not here. */
static const int denied_calls[] = {
	SCMP_SYS(acct),
	SCMP_SYS(add_key),
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(delete_module),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(finit_module),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fspick),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(ioperm),
	SCMP_SYS(iopl),
	SCMP_SYS(kcmp),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load),
	SCMP_SYS(keyctl),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(mount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount),
	SCMP_SYS(msgget),
	SCMP_SYS(nfsservctl),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pivot_root),
	SCMP_SYS(process_madvise),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(request_key),
	SCMP_SYS(semget),
	SCMP_SYS(setdomainname),
	SCMP_SYS(sethostname),
	SCMP_SYS(setns),
	SCMP_SYS(settimeofday),
	SCMP_SYS(shmget),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(umount2),
	SCMP_SYS(unshare),
	SCMP_SYS(uselib),
	SCMP_SYS(vhangup),
};

static gboolean is_wanted(const char *part)
{
	const char *wanted = g_getenv("VKSESSION_ISOLATION");
	g_auto(GStrv) words = wanted ? g_strsplit(wanted, ",", -1) : NULL;

	return !words || g_strv_contains((const char *const *)words, part);
}

static gboolean fail(GError **error, const char *what, int errnum)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, g_strerror(errnum));
	return FALSE;
}

/* Landlock */

static gboolean add_rule(VkIsolation *isolation, const char *path, guint64 access, GError **error)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	autofd fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return TRUE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_A_FILE;
	if (isolation->landlock < 3)
		rule.allowed_access &= ~FS_TRUNCATE;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, isolation->rules_fd, LANDLOCK_RULE_PATH_BENEATH, &rule,
		    0) < 0)
		return fail(error, path, errno);
	return TRUE;
}

/* The program that a dynamically linked one is loaded by; NULL if there is none. The vkernel has
 * none: with one, every file that can be read could be executed. */
static char *read_interpreter(const char *path)
{
	autofd fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Phdr segment;
	Elf64_Ehdr header;
	char *text;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	for (guint i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment),
			  (off_t)(header.e_phoff + i * sizeof(segment))) != sizeof(segment))
			return NULL;
		if (segment.p_type == PT_INTERP)
			break;
		segment.p_type = PT_NULL;
	}
	if (header.e_phnum == 0 || segment.p_type != PT_INTERP || segment.p_filesz > 4096)
		return NULL;
	text = g_malloc0(segment.p_filesz + 1);
	if (pread(fd, text, segment.p_filesz, (off_t)segment.p_offset) == (ssize_t)segment.p_filesz)
		return text;
	g_free(text);
	return NULL;
}

/* Landlock never is about these. Hosts that don't know the flag could have a program in such a
 * file, but a vkernel that was told so puts it into an ordinary one. */
static gboolean has_executable_memfd(void)
{
	autofd fd = memfd_create("program", MFD_EXEC | MFD_CLOEXEC);

	return fd >= 0;
}

static gboolean allow_program(VkIsolation *isolation, const char *program, GError **error)
{
	g_autofree char *interpreter = read_interpreter(program);

	return add_rule(isolation, program, LANDLOCK_ACCESS_FS_EXECUTE, error) &&
	       (!interpreter ||
		add_rule(isolation, interpreter, LANDLOCK_ACCESS_FS_EXECUTE, error));
}

static gboolean add_rules(VkIsolation *isolation, const VkIsolationNeeds *needs, GError **error)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full" };

	for (gsize i = 0; i < G_N_ELEMENTS(devices); i++) {
		if (!add_rule(isolation, devices[i], FS_WRITE_FILE, error))
			return FALSE;
	}
	for (const char *const *path = needs->writable; path && *path; path++) {
		if (!add_rule(isolation, *path, FS_WRITE, error))
			return FALSE;
	}
	if (!needs->program)
		return TRUE;
	if (needs->programs && !has_executable_memfd() &&
	    !add_rule(isolation, needs->programs, LANDLOCK_ACCESS_FS_EXECUTE, error))
		return FALSE;
	return allow_program(isolation, needs->program, error);
}

static gboolean prepare_landlock(VkIsolation *isolation, const VkIsolationNeeds *needs,
				 GError **error)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset ruleset = { .fs = FS_WRITE | LANDLOCK_ACCESS_FS_EXECUTE };
	gsize size = sizeof(ruleset);

	if (version < MIN_LANDLOCK || !is_wanted("landlock"))
		return TRUE;
	isolation->landlock = (int)version;
	if (version < 3)
		ruleset.fs &= ~FS_TRUNCATE;
	if (!needs->program)
		ruleset.fs &= ~(guint64)LANDLOCK_ACCESS_FS_EXECUTE;
	if (version >= 4 && !needs->internet)
		ruleset.net = NET_TCP;
	if (version >= 6)
		ruleset.scoped = SCOPE_SIGNAL;
	else
		size = version >= 4 ? G_STRUCT_OFFSET(struct ruleset, scoped)
				    : G_STRUCT_OFFSET(struct ruleset, net);
	isolation->rules_fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (isolation->rules_fd < 0)
		return fail(error, "landlock", errno);
	return add_rules(isolation, needs, error);
}

/* System calls */

static int add_filter_rules(scmp_filter_ctx context, gboolean internet)
{
	const uint32_t deny = SCMP_ACT_ERRNO(EPERM);
	int ret = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(denied_calls) && ret == 0; i++)
		ret = seccomp_rule_add(context, deny, denied_calls[i], 0);
	if (ret == 0 && !internet)
		ret = seccomp_rule_add(context, deny, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_NE, AF_UNIX));
	/* The kind of a socket is in the lower bits, flags are above. */
	if (ret == 0 && !internet)
		ret = seccomp_rule_add(context, deny, SCMP_SYS(socket), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
	return ret;
}

/* libseccomp writes a program to a file only; from there it is read into memory of ours. */
static int load_filter(VkIsolation *isolation, scmp_filter_ctx context)
{
	autofd fd = memfd_create("filter", MFD_CLOEXEC);
	struct stat st;
	int ret = fd < 0 ? -errno : seccomp_export_bpf(context, fd);

	if (ret < 0)
		return ret;
	if (fstat(fd, &st) < 0)
		return -errno;
	isolation->filter.filter = g_malloc((gsize)st.st_size);
	if (pread(fd, isolation->filter.filter, (gsize)st.st_size, 0) != st.st_size)
		return -EIO;
	isolation->filter.len =
		(unsigned short)((gsize)st.st_size / sizeof(*isolation->filter.filter));
	return 0;
}

static gboolean prepare_filter(VkIsolation *isolation, const VkIsolationNeeds *needs,
			       GError **error)
{
	scmp_filter_ctx context;
	int ret;

	if (!is_wanted("seccomp") || prctl(PR_GET_SECCOMP) < 0)
		return TRUE;
	context = seccomp_init(SCMP_ACT_ALLOW);
	if (!context)
		return fail(error, "seccomp", ENOMEM);
	/* A tree instead of a list: each system call of the session goes through it. */
	seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	ret = add_filter_rules(context, needs->internet);
	if (ret == 0)
		ret = load_filter(isolation, context);
	seccomp_release(context);
	return ret == 0 || fail(error, "seccomp", -ret);
}

VkIsolation *vk_isolation_new(const VkIsolationNeeds *needs, GError **error)
{
	g_autoptr(VkIsolation) isolation = g_new0(VkIsolation, 1);

	isolation->rules_fd = -1;
	if (!prepare_landlock(isolation, needs, error) ||
	    !prepare_filter(isolation, needs, error)) {
		g_prefix_error(error, "isolation: ");
		return NULL;
	}
	return g_steal_pointer(&isolation);
}

void vk_isolation_free(VkIsolation *isolation)
{
	if (!isolation)
		return;
	if (isolation->rules_fd >= 0)
		close(isolation->rules_fd);
	g_free(isolation->filter.filter);
	g_free(isolation);
}

char *vk_isolation_parts(const VkIsolation *isolation)
{
	g_autoptr(GString) text = g_string_new("no new privileges");

	if (isolation->rules_fd >= 0)
		g_string_append_printf(text, ", landlock %d", isolation->landlock);
	if (isolation->filter.len)
		g_string_append(text, ", seccomp");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- in the child: async-signal-safe functions only ---- */

int vk_isolation_forbid_core(void)
{
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) < 0)
		return -errno;
	/* What is less already can't be made more. */
	core.rlim_max = MIN(core.rlim_max, CORE_LIMIT);
	core.rlim_cur = core.rlim_max;
	return setrlimit(RLIMIT_CORE, &core) < 0 ? -errno : 0;
}

int vk_isolation_enter(const VkIsolation *isolation)
{
	int error = vk_isolation_forbid_core();

	if (error < 0)
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (isolation->rules_fd >= 0 &&
	    syscall(SYS_landlock_restrict_self, isolation->rules_fd, 0) < 0)
		return -errno;
	/* Speculation is the business of the filters that the guest's programs are under. */
	if (isolation->filter.len &&
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		    &isolation->filter) < 0)
		return -errno;
	return 0;
}
