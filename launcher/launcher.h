/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Host side of one vkernel: start it (fresh or from a save), talk to it, end it.
 *
 * All functions return G_IO_ERROR errors: NOT_SUPPORTED for a missing dependency or feature,
 * NO_SPACE, INVALID_DATA for a save that the kernel refuses, FAILED for the rest. Nothing logs.
 * A vkernel is addressed by its runtime directory; no state is kept in the caller's process, so
 * that any process of the user can take over a running vkernel.
 */
#pragma once

#include <gio/gio.h>

/** What vk_launcher_start() needs to know. Strings are borrowed during the call. */
typedef struct {
	const char *session;		/* name, for the guest's host name and messages */
	const char *runtime_dir;	/* made 0700 if it does not exist */
	const char *log_path;		/* console and program output are appended here */
	const char *kernel_path;	/* vkernel binary; NULL: the installed one */
	const char *save_dir;		/* thaw from here; NULL: a fresh guest */
	guint64 memory_bytes;		/* size of the guest's memory, a multiple of 1 MiB */
	gboolean network;		/* slirp4netns, outgoing only */
} VkLauncherConfig;

/** State of a launcher as other processes see it. */
typedef struct {
	pid_t launcher_pid;
	pid_t vkernel_pid;
	gint64 started_us;		/* CLOCK_REALTIME, microseconds */
	guint64 memory_bytes;
} VkLauncherStatus;

/** Figures of a checkpoint, from the kernel's reply. Times in microseconds. */
typedef struct {
	guint64 memory_bytes;		/* written to `memory`, without holes */
	guint64 state_bytes;
	guint64 quiesce_us;
	guint64 dump_us;
	guint64 resume_us;		/* 0 while the guest is held */
} VkCheckpointStats;

/**
 * Starts vksession-launcher for a session and waits until the guest answers on its control socket.
 *
 * @return FALSE with error set: EXISTS (a launcher already runs there), NOT_SUPPORTED (vkernel,
 *         slirp4netns missing, memory larger than the machine's), INVALID_DATA (save refused; the
 *         message is the kernel's reason), NO_SPACE, FAILED. Nothing is left running on failure.
 */
gboolean vk_launcher_start(const VkLauncherConfig *config, GError **error);

/**
 * Tells whether a launcher holds the runtime directory.
 *
 * @param status  filled if not NULL and the return value is TRUE
 * @return TRUE if one runs; FALSE without an error otherwise
 */
gboolean vk_launcher_get_status(const char *runtime_dir, VkLauncherStatus *status);

/**
 * Kills the vkernel and everything that belongs to it, and waits until nothing is left.
 * @return FALSE with error if a process survived timeout_ms
 */
gboolean vk_launcher_kill(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Waits until the launcher has gone by itself (after vk_control_stop()).
 * @return FALSE with G_IO_ERROR_TIMED_OUT if it still runs after timeout_ms
 */
gboolean vk_launcher_wait_gone(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Asks the kernel to write a checkpoint into an existing empty directory. No data is synced.
 *
 * @param hold  leave the guest stopped; vk_launcher_go() or vk_launcher_kill() must follow
 * @return FALSE with NO_SPACE or FAILED; the guest then runs on
 */
gboolean vk_launcher_checkpoint(const char *runtime_dir, const char *dir, gboolean hold,
				VkCheckpointStats *stats, GError **error);

/** Lets a held guest go on. Succeeds also if it was not held. */
gboolean vk_launcher_go(const char *runtime_dir, GError **error);

/* Control requests; see control-protocol.h. */

gboolean vk_control_hello(const char *runtime_dir, GHashTable **facts, GError **error);
/** @param environment "NAME=value" strings; @param[out] pid in the guest, may be NULL */
gboolean vk_control_run(const char *runtime_dir, const char *cwd, const char *const *environment,
			const char *const *argv, pid_t *pid, GError **error);
/**
 * Runs a program in the guest with the caller's stdin, stdout and stderr, and passes SIGINT,
 * SIGTERM, SIGHUP and SIGWINCH-free signals on to it.
 * @param[out] status  as of wait(2)
 */
gboolean vk_control_exec(const char *runtime_dir, const char *cwd, const char *const *environment,
			 const char *const *argv, int *status, GError **error);

typedef struct {
	pid_t pid;
	gint64 started;			/* CLOCK_REALTIME, seconds */
	char *command;
} VkProgram;
void vk_program_free(VkProgram *program);

/** @return array of VkProgram, free with g_ptr_array_unref(); NULL on error */
GPtrArray *vk_control_list(const char *runtime_dir, GError **error);
gboolean vk_control_prepare_save(const char *runtime_dir, GError **error);
gboolean vk_control_thawed(const char *runtime_dir, GError **error);
gboolean vk_control_wait_display(const char *runtime_dir, guint timeout_ms, GError **error);
gboolean vk_control_stop(const char *runtime_dir, guint grace_ms, GError **error);

/** Path of a program of ours: $VKSESSION_LIBEXECDIR or the installed place. Free with g_free(). */
char *vk_libexec_path(const char *name);

/** One problem per string that would keep a session from starting here (for `doctor`). */
GPtrArray *vk_launcher_check_host(void);
