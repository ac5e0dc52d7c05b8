/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "vksession/durable.h"
#include "vksession/machine.h"
#include "vksession/paths.h"

#define MIB	   (G_GUINT64_CONSTANT(1) << 20)
#define LOW_SPACE  (1024 * MIB)
#define LOW_MEMORY (512 * MIB)

static void check_free(gpointer data)
{
	VksCheck *check = data;

	g_free(check->detail);
	g_free(check->advice);
	g_free(check);
}

static void add(GPtrArray *checks, const char *name, gboolean needed, gboolean ok, char *detail,
		const char *advice)
{
	VksCheck *check = g_new0(VksCheck, 1);

	check->name = name;
	check->needed = needed;
	check->ok = ok;
	check->detail = detail;
	check->advice = ok ? NULL : g_strdup(advice);
	g_ptr_array_add(checks, check);
}

static void check_kernel(GPtrArray *checks, const VksBackend *backend)
{
	g_autofree char *path = backend->libexec_path("vkernel");
	gboolean ok = access(path, X_OK) == 0;

	add(checks, "vkernel", TRUE, ok,
	    ok ? g_strdup(path) : g_strdup_printf("%s: %s", path, g_strerror(errno)),
	    "build or install vksession's kernel, or set VKSESSION_LIBEXECDIR");
}

static void check_program(GPtrArray *checks, const char *program, gboolean needed,
			  const char *advice)
{
	g_autofree char *path = g_find_program_in_path(program);

	add(checks, program, needed, path != NULL,
	    path ? g_strdup(path) : g_strdup("not found in PATH"), advice);
}

static void check_programs(GPtrArray *checks, const VksBackend *backend)
{
	check_program(checks, "xpra", TRUE, "install the package xpra");
	check_program(checks, "Xvfb", TRUE, "install the package xvfb");
	check_program(checks, "slirp4netns", TRUE,
		      "install the package slirp4netns, or run sessions with --no-network");
}

static void check_display(GPtrArray *checks, const VksBackend *backend)
{
	const char *display = g_getenv("DISPLAY");

	add(checks, "X display", FALSE, display && *display,
	    g_strdup(display && *display ? display : "DISPLAY is not set"),
	    "start it from a graphical session, or run sessions with --detach");
}

static void check_store(GPtrArray *checks, const VksBackend *backend)
{
	g_autofree char *store = vks_store_location();
	g_autoptr(GError) error = NULL;
	gboolean ok = vks_path_check_links(store, &error) && vks_private_dir_ensure(store, &error);
	guint64 space = vks_free_space(store);
	g_autofree char *size = g_format_size_full(space, G_FORMAT_SIZE_IEC_UNITS);

	add(checks, "store", TRUE, ok, g_strdup(ok ? store : error->message),
	    "set XDG_STATE_HOME to a directory of yours");
	if (ok)
		add(checks, "space for saves", FALSE, space >= LOW_SPACE,
		    g_strdup_printf("%s free", size),
		    "make room, or drop old saves with: vksession drop");
}

/* Titles and a picture of the windows lie there, of encrypted sessions, too. */
static void check_runtime_is_in_memory(GPtrArray *checks, const char *runtime)
{
	gboolean in_memory = vks_is_in_memory(runtime);

	add(checks, "runtime in memory", FALSE, in_memory,
	    g_strdup(in_memory ? "a tmpfs" : "it is on a disk"),
	    "for encrypted sessions, set XDG_RUNTIME_DIR to a directory in a tmpfs");
}

static void check_runtime(GPtrArray *checks, const VksBackend *backend)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *runtime = vks_runtime_location(&error);
	gboolean ok = runtime && vks_path_check_links(runtime, &error) &&
		      vks_private_dir_ensure(runtime, &error);

	add(checks, "runtime directory", TRUE, ok, g_strdup(ok ? runtime : error->message),
	    "set XDG_RUNTIME_DIR to a directory of yours with mode 0700");
	if (ok)
		check_runtime_is_in_memory(checks, runtime);
}

/* The vkernel maps its memory executable: a /dev/shm or kernel that forbids it is found out here. */
static void check_shm(GPtrArray *checks, const VksBackend *backend)
{
	guint64 space = vks_free_space("/dev/shm");
	g_autofree char *size = g_format_size_full(space, G_FORMAT_SIZE_IEC_UNITS);
	autofd fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
	void *map = MAP_FAILED;
	int errnum;

	if (fd >= 0 && ftruncate(fd, 4096) == 0)
		map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	errnum = errno;
	add(checks, "/dev/shm", TRUE, map != MAP_FAILED,
	    map != MAP_FAILED ? g_strdup_printf("executable, %s free", size)
			      : g_strdup_printf("not usable: %s", g_strerror(errnum)),
	    "mount a tmpfs without noexec at /dev/shm, or set TMPDIR to one");
	if (map == MAP_FAILED)
		return;
	munmap(map, 4096);
	add(checks, "shared memory", FALSE, space >= LOW_MEMORY, g_strdup_printf("%s free", size),
	    "make /dev/shm larger, or run sessions with less --memory");
}

static void check_memory(GPtrArray *checks, const VksBackend *backend)
{
	guint64 total = vks_machine_memory();
	g_autofree char *size = g_format_size_full(total, G_FORMAT_SIZE_IEC_UNITS);

	add(checks, "memory", FALSE, total >= 2 * LOW_MEMORY, g_strdup(size),
	    "run sessions with less --memory");
}

static void check_seccomp(GPtrArray *checks, const VksBackend *backend)
{
	guint32 action = SECCOMP_RET_TRAP;
	gboolean ok = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;

	add(checks, "seccomp", TRUE, ok, ok ? g_strdup("available") : g_strdup(g_strerror(errno)),
	    "use a kernel with CONFIG_SECCOMP_FILTER, and a container that lets seccomp through");
}

static void check_inotify(GPtrArray *checks, const VksBackend *backend)
{
	autofd fd = inotify_init1(IN_CLOEXEC);

	add(checks, "inotify", FALSE, fd >= 0, g_strdup(fd >= 0 ? "available" : g_strerror(errno)),
	    "raise fs.inotify.max_user_instances; log -f needs it");
}

/* Compressed memory, or a device that dm-crypt is over. */
static gboolean swap_is_safe(const char *device)
{
	g_autofree char *real = realpath(device, NULL);
	g_autofree char *name = g_path_get_basename(real ? real : device);
	g_autofree char *path = g_build_filename("/sys/class/block", name, "dm/uuid", NULL);
	g_autofree char *uuid = NULL;

	return g_str_has_prefix(name, "zram") ||
	       (g_file_get_contents(path, &uuid, NULL, NULL) && g_str_has_prefix(uuid, "CRYPT-"));
}

/* Memory of an encrypted session, and its key, may be swapped out as any other. */
static void check_swap(GPtrArray *checks, const VksBackend *backend)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents("/proc/swaps", &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines + 1; *lines && *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 2);

		if (!words[0] || *words[0] != '/' || swap_is_safe(words[0]))
			continue;
		add(checks, "swap", FALSE, FALSE, g_strdup_printf("%s is not encrypted", words[0]),
		    "for encrypted sessions, use encrypted swap or zram");
		return;
	}
	add(checks, "swap", FALSE, TRUE, g_strdup("none, or encrypted"), NULL);
}

static void add_problems(GPtrArray *checks, const char *name, GPtrArray *problems)
{
	for (guint i = 0; problems && i < problems->len; i++)
		add(checks, name, TRUE, FALSE, g_strdup(problems->pdata[i]),
		    "put this right, then run: vksession doctor");
	if (problems && problems->len == 0)
		add(checks, name, TRUE, TRUE, g_strdup("ready"), NULL);
	if (problems)
		g_ptr_array_unref(problems);
}

static void check_launcher(GPtrArray *checks, const VksBackend *backend)
{
	add_problems(checks, "launcher", backend->check_vkernel());
}

static void check_xproxy(GPtrArray *checks, const VksBackend *backend)
{
	/* Without a display there is no viewer to find fault with; that has a line of its own. */
	if (g_getenv("DISPLAY"))
		add_problems(checks, "viewer", backend->check_display());
}

static void (*const checkers[])(GPtrArray *checks, const VksBackend *backend) = {
	check_kernel, check_programs, check_display, check_store,    check_runtime, check_shm,
	check_memory, check_seccomp,  check_inotify, check_launcher, check_xproxy,  check_swap,
};

GPtrArray *vks_doctor(const VksBackend *backend)
{
	GPtrArray *checks = g_ptr_array_new_with_free_func(check_free);

	for (gsize i = 0; i < G_N_ELEMENTS(checkers); i++)
		checkers[i](checks, backend);
	add(checks, "user namespaces", FALSE, TRUE, g_strdup("not needed"), NULL);
	return checks;
}
