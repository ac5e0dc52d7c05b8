/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * One session: its places, its lock, its record, and whether it runs.
 */
#pragma once

#include "vksession/keys.h"
#include "vksession/paths.h"
#include "vksession/policy.h"
#include "vksession/record.h"

/** What the launcher runs for a program of the guest that asks for a save. */
#define VKS_SAVE_COMMAND(name)                                                                     \
	{                                                                                          \
		(VKSESSION_BINDIR "/vksession"), "save", "--queue", "--reason", "program", name,   \
			NULL                                                                       \
	}

/** The wrapped key of an encrypted session; while its saves are being converted, the second. */
#define VKS_KEY_FILE	      "key.json"
#define VKS_KEY_FILE_CHANGING "key.json.changing"

typedef struct {
	Vks *vks;		   /* borrowed */
	const VksBackend *backend; /* borrowed */
	char *name;
	char *dir; /* in the store */
	char *saves_dir;
	char *record_path;
	char *log_path; /* console and programs */
	char *viewer_log_path;
	char *report_path; /* of the last thaw */
	char *run_dir;	   /* in the runtime directory */
	char *import_dir;  /* where one is made before it is there */
	char *memory_dir;  /* in memory for certain: key and logs of an encrypted session */
	int lock_fd;	   /* -1: looked at without the lock */
	VksEncryption encryption;
	gboolean changing;   /* some saves are encrypted, and some may not be */
	char *key_path;	     /* NULL: it is not encrypted */
	VksSealing *sealing; /* its keys; NULL: it is not encrypted, or locked */
	VksRecord *record;   /* NULL: the session does not exist */
	gboolean running;
	gboolean reads_save; /* it may still read its memory from a save: none may be rewritten */
	VkLauncherStatus status; /* if running */
} VksSession;

typedef enum {
	VKS_SESSION_MAY_BE_NEW = 1 << 0,      /* it need not exist */
	VKS_SESSION_WAIT = 1 << 1,	      /* wait for the lock */
	VKS_SESSION_RECORD_OPTIONAL = 1 << 2, /* a damaged session.json is no obstacle */
	VKS_SESSION_BACKGROUND = 1 << 3,      /* vks_session_lock_background() was taken */
	VKS_SESSION_ASIDE = 1 << 4, /* nobody is waited for, nor is work in the background */
} VksSessionFlags;

/** Looks at a session without its lock. Errors as vks_session_lock() without BUSY. */
VksSession *vks_session_find(Vks *vks, const char *name, VksSessionFlags flags, GError **error);

/**
 * Takes the lock of a session, looks at it, and puts right what an interrupted operation left: a
 * guest that is still held, files of saves that did not come about.
 *
 * @param holder  name of the operation
 * @return free with vks_session_free(), which gives the lock back; NULL with a VKS_ERROR
 */
VksSession *vks_session_lock(Vks *vks, const char *name, const char *holder, VksSessionFlags flags,
			     GError **error);
void vks_session_free(VksSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksSession, vks_session_free)

/**
 * Takes the lock of those whose work can wait, before the session's lock: whoever else wants that
 * waits for them instead of giving up.
 * @return a descriptor; -1 with a VKS_ERROR
 */
int vks_session_lock_background(Vks *vks, const char *name, GError **error);

/** @return whether somebody waits for the one who has the lock of vks_session_lock_background() */
gboolean vks_session_background_is_awaited(Vks *vks, const char *name);

/**
 * Takes the lock on a session's saves: shared for those who read many of them without the session's
 * lock, exclusive (with the session's lock held) for those who remove or rewrite some.
 *
 * @param holder  name of the operation
 * @return a descriptor; -1 with a G_IO_ERROR, BUSY if it is to be exclusive and somebody reads
 */
int vks_session_lock_saves(const VksSession *session, const char *holder, gboolean exclusive,
			   GError **error);

/**
 * Chooses where logs and reports are: with the saves, or, as what programs print must not be on the
 * disk, in memory. Makes that directory.
 */
gboolean vks_session_place_logs(VksSession *session, gboolean in_memory, GError **error);

/** Says that there is no save of this number, and that nothing was changed. @return FALSE */
gboolean vks_session_set_no_save(const VksSession *session, guint number, GError **error);

/** Fails with VKS_ERROR_STATE unless the session runs. */
gboolean vks_session_need_running(const VksSession *session, GError **error);

/** Fails with VKS_ERROR_UNSUPPORTED if a viewer is wanted and there is no display for it. */
gboolean vks_session_need_display(const char *display, gboolean detach, GError **error);

/** Looks again whether it runs. */
void vks_session_refresh(VksSession *session);

/** @return processor time that its processes used, microseconds; see activity.h */
guint64 vks_session_cpu_us(const VksSession *session);

/** @return the state, by launcher, vkernel, record and the newest save */
VksState vks_session_state(const VksSession *session);

/** @return manifest of the newest save; NULL if there is none or it is damaged */
VksManifest *vks_session_newest(const VksSession *session);

/**
 * Finds the policy of a session. If the user's file or session.json has a bad setting, the rest
 * is the built-in policy.
 * @return FALSE with INVALID_DATA that names the bad setting; the policy can be used all the same
 */
gboolean vks_session_policy(const VksSession *session, VksPolicy *policy, GError **error);

/**
 * Starts the viewer. Errors are VKS_ERRORs.
 * @param environment  of the desktop that it is to be shown on; NULL: this process's
 */
gboolean vks_session_show(const VksSession *session, const char *display,
			  const char *const *environment, GError **error);

/** Ends viewer and vkernel, whatever is left of them. @return FALSE with the first G_IO_ERROR */
gboolean vks_session_end(const VksSession *session, GError **error);

/**
 * Removes everything that the store has of a session: at once, durably. With `shred`, files are
 * overwritten before they are freed (see vks_tree_shred()). Errors are G_IO_ERRORs. The
 * store's lock must not be held.
 */
gboolean vks_session_erase(const VksSession *session, gboolean shred, GError **error);

/** Removes what an interrupted vks_session_erase() left. The store's lock must be held. */
void vks_session_clean_graves(Vks *vks);

/**
 * Names all sessions in the store.
 * @return sorted, free with g_ptr_array_unref(); NULL with a G_IO_ERROR, never only some of them
 */
GPtrArray *vks_session_names(Vks *vks, GError **error);

/** Reports progress, if anybody wants to know. */
void vks_control_report(const VksControl *control, const char *stage, guint64 done, guint64 total);

/** @return the cancellable of a control, NULL if there is none */
GCancellable *vks_control_cancellable(const VksControl *control);
