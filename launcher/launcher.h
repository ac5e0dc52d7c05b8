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
	const char *session;		 /* name, for the guest's host name and messages */
	const char *runtime_dir;	 /* made 0700 if it does not exist */
	const char *log_path;		 /* console and program output are appended here */
	const char *kernel_path;	 /* vkernel binary; NULL: the installed one */
	const char *save_dir;		 /* thaw from here; NULL: a fresh guest */
	guint64 memory_bytes;		 /* size of the guest's memory, a multiple of 1 MiB */
	guint cpus;			 /* of the guest; 0: 1; those of the save in a thaw */
	gboolean network;		 /* slirp4netns, outgoing only */
	const char *const *private_dirs; /* in the user's home: a fresh guest gets a copy of each in
					    its memory, in the place of it; may be NULL */
	const char *const *disks;	/* "LAYER,IMAGE": a fresh guest has the image as a disk, and
					   what it writes goes to the layer; may be NULL */
	const char *const *environment; /* "NAME=value" strings for all of a fresh guest's programs
					   and its display stack; may be NULL */
	const char *const *save_command; /* run, with "--stop" behind it where wanted, when a
					    program of the guest asks for a save; its exit status
					    is as of vksession(1). NULL: such requests are
					    turned down */
	gboolean no_display;		 /* a fresh guest without a display stack */
	const char *root_program;	 /* host path of a program that a fresh guest runs as its
					    root, for the self-test; NULL: none */
	gboolean map_memory;		 /* a thawed guest runs before its memory was copied from
					    the save; see vk_launcher_go() */
	gboolean copy_while_running;	 /* a fresh guest's checkpoints stop it only for what
					    changed while they copied; where this machine can't
					    tell that, for all */
	const char *const *kernel_arguments; /* more for the vkernel's command line, for the
						self-test; may be NULL */
} VkLauncherConfig;

/** State of a launcher as other processes see it. */
typedef struct {
	pid_t launcher_pid;
	pid_t vkernel_pid;
	gint64 started_us; /* CLOCK_REALTIME, microseconds */
	guint64 memory_bytes;
} VkLauncherStatus;

/** Figures of a checkpoint, from the kernel's reply. Times in microseconds. */
typedef struct {
	guint64 memory_bytes; /* written to `memory`, without holes */
	guint64 state_bytes;
	guint64 quiesce_us;
	guint64 dump_us;
	guint64 resume_us; /* 0 while the guest is held */
} VkCheckpointStats;

/**
 * Starts vksession-launcher for a session and waits until the guest answers on its control socket.
 * After a thaw, vk_control_thawed() is to follow.
 *
 * @return FALSE with error set: EXISTS (a launcher already runs there), NOT_SUPPORTED (vkernel,
 *         slirp4netns missing, memory larger than the machine's), INVALID_DATA (save refused; the
 *         message is the kernel's reason), NO_SPACE (no room for the guest's memory), TIMED_OUT
 *         (the guest does not come up), CANCELLED (killed meanwhile), INVALID_ARGUMENT, FAILED.
 *         Nothing is left running on failure.
 */
gboolean vk_launcher_start(const VkLauncherConfig *config, GError **error);

/**
 * Tells whether a launcher holds the runtime directory.
 *
 * @param status  filled if not NULL and the return value is TRUE; all 0 for a launcher that has
 *                only just begun, vkernel_pid 0 for one that has not started its vkernel yet
 * @return TRUE if one runs; FALSE without an error otherwise
 */
gboolean vk_launcher_get_status(const char *runtime_dir, VkLauncherStatus *status);

/**
 * Kills the vkernel and everything that belongs to it, and waits until nothing is left, no process
 * and no file of the launcher's in the runtime directory. TRUE also if nothing ran.
 * @return FALSE with TIMED_OUT if a process survived timeout_ms
 */
gboolean vk_launcher_kill(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Waits until the launcher has gone by itself (after vk_control_stop()).
 * @return FALSE with G_IO_ERROR_TIMED_OUT if it still runs after timeout_ms
 */
gboolean vk_launcher_wait_gone(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Asks the kernel to write a checkpoint into an existing empty directory. No data is synced.
 * Takes as long as it takes: there is no time limit, but the vkernel's end ends it.
 *
 * @param dir    absolute path, shorter than 500 bytes
 * @param hold   leave the guest stopped; vk_launcher_go() or vk_launcher_kill() must follow
 *               (a vk_launcher_go() while it is written makes it fail, with the guest running)
 * @param stats  may be NULL
 * @return FALSE with NO_SPACE, NOT_CONNECTED (no vkernel) or FAILED; the guest then runs on
 */
gboolean vk_launcher_checkpoint(const char *runtime_dir, const char *dir, gboolean hold,
				VkCheckpointStats *stats, GError **error);

/**
 * Lets a held guest go on, and one that is about to be held not stop: the hold of any checkpoint
 * that was asked for before is over. Waits while one is written. Succeeds also if it was not held.
 *
 * Afterwards a guest that was thawed with map_memory does not need that save any more. Until then
 * (or until its next checkpoint, or that all was copied, 50 MB in a second) it reads from it: the
 * files may be removed, but what they contain must not be changed.
 */
gboolean vk_launcher_go(const char *runtime_dir, GError **error);

/*
 * Control requests; see control-protocol.h. All fail with NOT_CONNECTED if no session runs there,
 * TIMED_OUT if the guest does not answer, CLOSED if it ends meanwhile.
 */

/** @param[out] facts  "version", "boot_id", "programs", "thaws", "display", ...; may be NULL */
gboolean vk_control_hello(const char *runtime_dir, GHashTable **facts, GError **error);

/**
 * Starts a program in the guest, as soon as the guest's display is up.
 *
 * @param cwd          if it can't be entered in the guest, the home directory is taken
 * @param environment  "NAME=value" strings, over those of a login; may be NULL. Addresses of the
 *                     display, of the session bus and the runtime directory are the guest's own.
 * @param[out] pid     in the guest, may be NULL
 * @return FALSE with NOT_FOUND (no such program), PERMISSION_DENIED, or FAILED (also if the display
 *         could not be started)
 */
gboolean vk_control_run(const char *runtime_dir, const char *cwd, const char *const *environment,
			const char *const *argv, pid_t *pid, GError **error);

/**
 * Runs a program in the guest with the caller's stdin, stdout and stderr, and passes SIGINT,
 * SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 on to it; they are blocked in the calling thread
 * meanwhile (the caller must have no other thread that takes them). Does not wait for the display.
 * What the program's children write after its own end is not waited for.
 *
 * @param[out] status  as of wait(2)
 * @return FALSE as vk_control_run()
 */
gboolean vk_control_exec(const char *runtime_dir, const char *cwd, const char *const *environment,
			 const char *const *argv, int *status, GError **error);

/**
 * Runs a program in the guest without input and collects what it prints.
 *
 * @param timeout_ms   between two pieces of output, and until its end
 * @param output       standard output and error are appended
 * @param[out] status  as of wait(2)
 * @return FALSE as vk_control_run(), or with TIMED_OUT
 */
gboolean vk_control_capture(const char *runtime_dir, const char *const *argv, int timeout_ms,
			    GString *output, int *status, GError **error);

/** A program that was started by vk_control_run() and has not ended. */
typedef struct {
	pid_t pid;
	gint64 started; /* CLOCK_REALTIME, seconds */
	char *command;	/* its arguments, cut to 1 KiB */
} VkProgram;
void vk_program_free(VkProgram *program);

/** @return array of VkProgram, free with g_ptr_array_unref(); NULL on error */
GPtrArray *vk_control_list(const char *runtime_dir, GError **error);

/** Has the guest write back what is dirty of the host's files. */
gboolean vk_control_prepare_save(const char *runtime_dir, GError **error);

/** Tells a thawed guest so, and waits until its network is connected again. */
gboolean vk_control_thawed(const char *runtime_dir, GError **error);

/**
 * Waits until the display stack of the guest takes viewers.
 * @return FALSE with TIMED_OUT after timeout_ms, or FAILED if it could not be started
 */
gboolean vk_control_wait_display(const char *runtime_dir, guint timeout_ms, GError **error);

/**
 * Asks the guest to end: all programs get SIGTERM, then the display stack, after grace_ms SIGKILL;
 * then it powers off. Returns when the guest has taken the request; vk_launcher_wait_gone() waits.
 */
gboolean vk_control_stop(const char *runtime_dir, guint grace_ms, GError **error);

/** Path of a program of ours: $VKSESSION_LIBEXECDIR or the installed place. Free with g_free(). */
char *vk_libexec_path(const char *name);

/** @return how many CPUs a fresh guest can have here: those that this process may use */
guint vk_launcher_max_cpus(void);

/** One problem per string that would keep a session from starting here (for `doctor`). */
GPtrArray *vk_launcher_check_host(void);
