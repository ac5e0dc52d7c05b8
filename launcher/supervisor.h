/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file vksession-launcher: the process that a session's processes hang from. */
#pragma once

#include <gio/gio.h>

#include "launcher/guest-request.h"
#include "launcher/runtime-dir.h"

typedef struct {
	/* what to run; owned */
	char *session;
	char *runtime_dir;
	char *log_path;
	char *kernel_path;
	char *save_dir; /* NULL: a fresh guest */
	guint64 memory_bytes;
	guint cpus; /* of the guest */
	gboolean network;
	char **environment;  /* "NAME=value" for all programs of the guest; may be NULL */
	char **disks;	     /* "LAYER,IMAGE"; may be NULL */
	char **private_dirs; /* that the guest gets copies of; may be NULL */
	gboolean no_display;
	gboolean map_memory;	     /* for a thaw */
	gboolean copy_while_running; /* for a fresh guest */
	char *root_program;	     /* NULL: none */
	char **kernel_arguments;     /* may be NULL */
	char **save_command;	     /* for guest programs that ask for a save; may be NULL */
	int report_fd;		     /* -1 once reported */

	/* how it stands */
	GMainLoop *loop;
	int lock_fd;
	int null_fd;
	int log_fd;
	off_t log_start;  /* what is before was there when we started */
	int listeners[2]; /* control, display; -1 once the vkernel has them */
	int signal_fd;
	int hello_fd;	   /* the question whether the guest is up */
	char *helper_path; /* network helper */
	guint helper_restarts;
	char *memory_dir; /* where the guest's memory is a file */
	VkGuestRequests requests;
	VkLauncherRecord record;
	gboolean vkernel_ended;
	int vkernel_status;
	gboolean asked_to_end;
	gboolean timed_out;
	guint start_timer;
} VkSupervisor;

/** Prepares an empty one. */
void vk_supervisor_init(VkSupervisor *supervisor);

/** Starts the session's processes. @return FALSE with error; vk_supervisor_end() must follow */
gboolean vk_supervisor_start(VkSupervisor *supervisor, GError **error);

/** Serves until the vkernel has ended or the launcher is told to end. */
void vk_supervisor_run(VkSupervisor *supervisor);

/**
 * Kills what is left, removes the session's files, and reports a failure that has not been
 * reported.
 *
 * @param failure  of vk_supervisor_start(); may be NULL
 */
void vk_supervisor_end(VkSupervisor *supervisor, const GError *failure);
