/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The session library: what the command line does, and what any other front end may do.
 *
 * Sessions are addressed by name. All functions are synchronous, keep no state between calls but
 * the two directories in a Vks, print nothing, and may be called from any thread. Operations that
 * change a session take its lock; who comes second gets VKS_ERROR_STATE, unless stated otherwise.
 * All errors are VKS_ERROR errors (see error.h) with a message for the user.
 */
#pragma once

#include <gio/gio.h>

#include "vksession/backend.h"
#include "vksession/error.h"
#include "vksession/image/image.h"
#include "vksession/keys.h"
#include "vksession/manifest.h"

#define VKS_DEFAULT_SESSION "default"

/** The store and the runtime directory of a user. */
typedef struct Vks Vks;

/**
 * Finds (and makes, 0700) the store $XDG_STATE_HOME/vksession and $XDG_RUNTIME_DIR/vksession, and
 * refuses them if they belong to another user or lie behind another user's symbolic link.
 *
 * @param backend  borrowed for the life of the result
 * @return free with vks_close(); NULL on error
 */
Vks *vks_open(const VksBackend *backend, GError **error);
void vks_close(Vks *vks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vks, vks_close)

/**
 * Asks somebody for the passphrase of an encrypted session.
 *
 * @param is_new  it is going to be the passphrase: one that is mistyped would be lost
 * @return the caller's; NULL with a VKS_ERROR, or without an error if nobody can be asked
 */
typedef VksSecret *(*VksAskPassphrase)(const char *session, gboolean is_new, gpointer user_data,
				       GError **error);

/** Tells how passphrases are asked for; before, nobody is asked, and what needs one fails. */
void vks_set_ask(Vks *vks, VksAskPassphrase ask, gpointer user_data);

/** Refuses what is no name of a session: [A-Za-z0-9._-]{1,32}, not starting with '.' or '-'. */
gboolean vks_check_name(const char *name, GError **error);

/** How long work is followed and stopped. A NULL pointer to it means: neither. */
typedef struct {
	/** Called now and then, from the calling thread; total is 0 when it is not known. */
	void (*progress)(const char *stage, guint64 done, guint64 total, gpointer user_data);
	gpointer user_data;
	GCancellable *cancellable; /* may be NULL */
} VksControl;

typedef enum {
	VKS_STATE_RUNNING,
	VKS_STATE_SAVED,   /* ended by a save; thaw brings it back as it was */
	VKS_STATE_CRASHED, /* ended without one: host crash, kill, or by itself */
	VKS_STATE_STOPPED, /* ended by stop */
} VksState;
/** @return "running", "saved", ... */
const char *vks_state_name(VksState state);

/* Starting and running programs */

typedef struct {
	const char *name;
	const char *const *argv;
	const char *const *environment; /* of the caller, "NAME=value"; filtered by the library,
					   for the program and for the viewer */
	const char *cwd;
	const char *display;  /* where to attach the viewer; NULL: none known */
	gboolean detach;      /* no viewer */
	gboolean new_only;    /* it is an error if the session exists */
	gboolean no_network;  /* only for a session that is not running */
	guint64 memory_bytes; /* the same; 0: the default, or what it had */
	guint cpus;	      /* the same */
	/** Directories in the home that the session is to have for itself, relative to cwd, for a
	 * session that is not running; NULL: none, or those that it had */
	const char *const *private_dirs;
	const char *const *disks; /* images, in the same way */
	const char *encrypt; /* "keyring", "passphrase" or "none", only for a new session; NULL: as
				 the user's file says */
} VksRunOptions;

typedef struct {
	gboolean created; /* the session was not running before */
	pid_t pid;	  /* in the guest */
} VksRunResult;

/**
 * Starts a program in a session, and the session first if it does not run. Waits for the lock.
 * If the session was made for it and the program can't be started, nothing is left of it.
 */
gboolean vks_run(Vks *vks, const VksRunOptions *options, const VksControl *control,
		 VksRunResult *result, GError **error);

/**
 * Runs a program in a running session with this process's stdin, stdout and stderr.
 * @param[out] status  as of wait(2)
 */
gboolean vks_exec(Vks *vks, const VksRunOptions *options, int *status, GError **error);

/**
 * Ends a session's programs and its vkernel. What was not saved is lost; saves stay.
 * @param grace_ms  between SIGTERM and SIGKILL for the programs
 */
gboolean vks_stop(Vks *vks, const char *name, guint grace_ms, GError **error);

/* Saving and thawing */

typedef struct {
	const char *name;
	gboolean stop;	    /* end the session once the save is safe */
	gboolean force;	    /* try even if it does not seem to fit on the disk */
	gboolean wait;	    /* for somebody who is at work on the session, instead of failing */
	const char *reason; /* recorded in the save: "manual" if NULL, "shutdown", "autosave", ... */
} VksSaveOptions;

typedef struct {
	guint number;
	VksFigures figures;
	guint64 disk_bytes;    /* of all parts, without holes and zeros */
	guint64 written_bytes; /* to the store's disk: less, where blocks are shared */
	guint base;	       /* save that this one's memory is built on; 0: it is whole */
	guint pruned;	       /* saves that the policy did not keep, and that are gone now */
	guint64 total_us;      /* until it was durable */
} VksSaveResult;

/**
 * Saves a running session. When it returns TRUE the save is complete and on the disk. On failure
 * the session goes on (it does also with stop), and earlier saves are untouched.
 */
gboolean vks_save(Vks *vks, const VksSaveOptions *options, const VksControl *control,
		  VksSaveResult *result, GError **error);

typedef struct {
	const char *name;
	guint number;			/* of the save; 0: the newest */
	const char *display;		/* as in VksRunOptions */
	const char *const *environment; /* the same, for the viewer; NULL: this process's */
	gboolean detach;
} VksThawOptions;

typedef struct {
	guint number;
	guint64 verify_us;  /* time to read and check the save */
	guint64 running_us; /* from the call until the guest's programs run */
	guint changed;	    /* host files that are not what they were: vks_thaw_report() */
} VksThawResult;

/**
 * Starts a session from a save, after checking every byte of it. A damaged newest save is refused,
 * never silently replaced by an older one. On failure nothing is left running.
 */
gboolean vks_thaw(Vks *vks, const VksThawOptions *options, const VksControl *control,
		  VksThawResult *result, GError **error);

typedef struct {
	const char *name;
	guint number;	     /* of the save to go back to */
	const char *display; /* where to show it, if it is not shown now; NULL: nowhere */
	const char *const *environment; /* as in VksThawOptions */
	gboolean detach;
} VksRollbackOptions;

typedef struct {
	guint number; /* thawed */
	guint undo;   /* the save that was made of what ran; 0: it did not run */
} VksRollbackResult;

/**
 * Goes back to a save. The save is checked first; then what runs is saved, and ended; then the save
 * is thawed and shown as the session was. If that fails, what ran is brought back.
 */
gboolean vks_rollback(Vks *vks, const VksRollbackOptions *options, const VksControl *control,
		      VksRollbackResult *result, GError **error);

/** What a prune did. */
typedef struct {
	guint removed;	     /* saves that the policy did not keep */
	guint consolidated;  /* saves that were built on removed ones, and are not any more */
	guint64 freed_bytes; /* on the disk */
	guint pinned;	     /* copies of programs and libraries that were made */
} VksPruneResult;

/**
 * Removes the saves that the policy does not keep, and rewrites those that are built on removed
 * ones. vks_save() does the first by itself; the second is for a moment when nobody waits. The
 * last good save is never removed.
 */
gboolean vks_prune(Vks *vks, const char *name, const VksControl *control, VksPruneResult *result,
		   GError **error);

/**
 * Reads the policy of a session: user's file, and the session's own settings.
 * @return "NAME=VALUE" strings, free with g_strfreev(); NULL on error
 */
char **vks_get_policy(Vks *vks, const char *name, GError **error);

/** Changes settings of a session. @param settings  "NAME=VALUE"; "NAME=" is that of the file */
gboolean vks_set_policy(Vks *vks, const char *name, const char *const *settings, GError **error);

/**
 * Tells whether to run a program in a session, or to thaw it, somebody has to be asked for a
 * passphrase. It may be that none is needed all the same.
 * @param encrypt  as in VksRunOptions, for a session that does not exist
 */
gboolean vks_needs_passphrase(Vks *vks, const char *name, const char *encrypt);

/**
 * Encrypts a session that does not run, with all of its saves; or, if it is encrypted already,
 * keeps its key in another way, or with another passphrase. What was not encrypted is overwritten
 * before it is freed, as by vks_shred(). Interrupted anywhere, each save can be thawed, and calling
 * it again goes on.
 */
gboolean vks_encrypt(Vks *vks, const char *name, VksEncryption method, const VksControl *control,
		     GError **error);

/** Turns an encrypted session that does not run, with all of its saves, into one that is not. */
gboolean vks_decrypt(Vks *vks, const char *name, const VksControl *control, GError **error);

/* States of a file in a report; the vkernel may tell others, too ("lost", "readonly"). */
#define VKS_CHANGE_CHANGED    "changed"	   /* the same file, with other content */
#define VKS_CHANGE_REPLACED   "replaced"   /* another file under its name */
#define VKS_CHANGE_VANISHED   "vanished"   /* deleted, or moved */
#define VKS_CHANGE_UNREADABLE "unreadable" /* there, but not for us */
#define VKS_CHANGE_RESTORED   "restored"   /* was deleted while open; its content was saved */

/** A host file that is not what it was when the session was saved. */
typedef struct {
	char *path;
	char *state;	 /* VKS_CHANGE_*, or another word */
	guint use;	 /* VksFileUse: what the session's programs do with it */
	gboolean pinned; /* the session has its own copy of what it was */
	char *pin;	 /* path of the copy; NULL in a report of a past thaw */
	char *pin_name;	 /* the same */
} VksFileChange;

/** @return what that means for the session, as the end of a sentence that begins with the path */
const char *vks_file_change_meaning(const VksFileChange *change);

typedef struct {
	guint save;
	gint64 save_us;	  /* CLOCK_REALTIME of the save, microseconds */
	gint64 thawed_us; /* of the thaw; 0: a preview */
	guint looked_at;  /* files that the session had open */
	GPtrArray *files; /* of VksFileChange: those that are not what they were */
} VksThawReport;

void vks_thaw_report_free(VksThawReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksThawReport, vks_thaw_report_free)

/** What the last thaw of a session found changed on the host. Free with vks_thaw_report_free(). */
VksThawReport *vks_thaw_report(Vks *vks, const char *name, GError **error);

/**
 * What a thaw would find changed, if it were now: for a session that was saved or has crashed.
 * Nothing is touched.
 *
 * @param number  of the save; 0: the newest
 */
VksThawReport *vks_thaw_preview(Vks *vks, const char *name, guint number, GError **error);

/* The viewer */

/** @param environment  as in VksThawOptions */
gboolean vks_attach(Vks *vks, const char *name, const char *display, const char *const *environment,
		    GError **error);
gboolean vks_detach(Vks *vks, const char *name, GError **error);
/**
 * Waits until a window of an attached session is drawn. Takes no lock.
 * @param[out] drawn_us  CLOCK_MONOTONIC, microseconds
 */
gboolean vks_wait_drawn(Vks *vks, const char *name, guint timeout_ms, gint64 *drawn_us,
			GError **error);

/* Looking */

typedef struct {
	char *name;
	char *id; /* UUID; "" if session.json is damaged */
	VksState state;
	gboolean attached;
	char *display;	   /* of the viewer; NULL if detached */
	pid_t vkernel_pid; /* 0 if not running */
	gint64 created_us; /* CLOCK_REALTIME, microseconds */
	gint64 started_us; /* of this run; 0 if not running */
	guint64 memory_bytes;
	guint cpus;
	gboolean network;
	guint n_saves;
	guint last_save;     /* number; 0: none */
	gint64 last_save_us; /* CLOCK_REALTIME; 0: none, or damaged */
	guint64 disk_bytes;  /* of the whole session in the store */
	VksEncryption encryption;
	char **commands;     /* what was started in it, one line a program */
	GPtrArray *programs; /* of VkProgram, what runs now; NULL if not asked for */
	char *problem;	     /* what is wrong with it; NULL if nothing is */
} VksSessionInfo;

/**
 * Lists sessions, by name.
 *
 * @param name           only this one; NULL: all
 * @param with_programs  ask running guests what runs in them
 * @return array of VksSessionInfo, free with g_ptr_array_unref()
 */
GPtrArray *vks_list(Vks *vks, const char *name, gboolean with_programs, GError **error);

typedef struct {
	guint number;
	VksManifest *manifest; /* NULL if it has no valid one */
	VksImage *image;       /* what the vkernel wrote; NULL if it can't be read */
	guint64 disk_bytes;    /* its own; see also manifest->delta */
	const char *reason;    /* why it was made, of the manifest; "" without one */
	gboolean verified;     /* every byte was read and checked */
	gboolean encrypted;
	char *locked;  /* why it could not be opened: only checksums were compared, and what
			  is hidden in the manifest is not known; NULL if it is not locked */
	char *problem; /* what is damaged; NULL: nothing that was looked at */
} VksSaveInfo;

/** @return array of VksSaveInfo, oldest first; manifests and sizes of parts are looked at */
GPtrArray *vks_list_saves(Vks *vks, const char *name, GError **error);

/**
 * Reads saves whole and compares their checksums, and their kernels'.
 *
 * @param number  0: all
 * @return array of VksSaveInfo; NULL on error. Damage is no error here
 */
GPtrArray *vks_verify(Vks *vks, const char *name, guint number, const VksControl *control,
		      GError **error);

/** Path of a session's log; free with g_free(). */
char *vks_log_path(Vks *vks, const char *name, GError **error);

/* Removing */

/**
 * Tells whether vks_drop() of the same would lose the last good save of a session.
 * @param number  0: the whole session
 */
gboolean vks_drop_loses_last(Vks *vks, const char *name, guint number, gboolean *loses,
			     GError **error);

/**
 * Removes a save, or a whole session that does not run.
 * @param number  0: the whole session
 */
gboolean vks_drop(Vks *vks, const char *name, guint number, GError **error);

/**
 * As vks_drop(), and overwrites the files before they are freed. That does not reach copies that
 * the disk itself (an SSD, flash), the file system (copy-on-write, snapshots, journal) or a backup
 * has of them. What other saves are built on is kept, and not overwritten.
 */
gboolean vks_shred(Vks *vks, const char *name, guint number, GError **error);

/**
 * Writes a save of a session as one stream that vks_import() reads, here or on another machine: the
 * save with those that it is built on, the vkernel, and copies of the programs and libraries that
 * were in use. The session may run meanwhile. What is encrypted stays encrypted.
 *
 * @param number    0: the newest
 * @param programs  FALSE: without the copies of programs and libraries
 * @param fd        borrowed; need not be seekable
 * @return FALSE with an error; what was written then is not taken for a whole one
 */
gboolean vks_export(Vks *vks, const char *name, guint number, gboolean programs, int fd,
		    const VksControl *control, GError **error);

/**
 * Makes a session of what vks_export() wrote. Every byte of it is checked; the session is there as
 * a whole or not at all.
 *
 * @param name         of the session; there must be none of that name
 * @param[out] number  of its save
 */
gboolean vks_import(Vks *vks, const char *name, int fd, const VksControl *control, guint *number,
		    GError **error);

/* The machine */

typedef struct {
	const char *name; /* what was looked at */
	gboolean needed;  /* sessions can't run without */
	gboolean ok;
	char *detail; /* what was found */
	char *advice; /* what to do; NULL if ok */
} VksCheck;

/** @return array of VksCheck; free with g_ptr_array_unref(). Works where vks_open() fails. */
GPtrArray *vks_doctor(const VksBackend *backend);
