/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What is asked of the daemon: arguments of all kinds of work, and the options a{sv} of methods.
 */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

typedef struct {
	char *session; /* NULL: all */
	char **command;
	char **environment; /* "NAME=value", of who asks; NULL: the daemon's */
	char *cwd;
	char *display; /* NULL: see request_display() */
	char *reason;  /* NULL: "manual" */
	gboolean detach;
	gboolean no_network;
	gboolean new_only;
	gboolean stop;
	gboolean force;
	gboolean queue;	      /* wait for other work on the session */
	char *encrypt;	      /* NULL: not asked for */
	char **private_dirs;  /* the same */
	char **disks;	      /* the same */
	guint64 memory_bytes; /* 0: not asked for */
	guint cpus;	      /* the same */
	guint number;	      /* of a save; 0: the newest */
	gint64 deadline_us;   /* CLOCK_MONOTONIC; 0: none */
	gint32 passphrase;    /* place in the message's list of descriptors; -1: not given */
	int passphrase_fd;    /* where it is read from; -1: none, or not taken from that list yet */
} Request;

/** @param session  may be NULL. @return free with request_free() */
Request *request_new(const char *session);
void request_free(Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

typedef enum {
	OPTIONS_RUN,
	OPTIONS_SAVE,
	OPTIONS_SAVE_ALL,
	OPTIONS_THAW,
	OPTIONS_RESTORE,
	OPTIONS_ROLLBACK,
	OPTIONS_ATTACH,
} OptionSet;

/**
 * Where windows are to be shown: the display that was asked for, that of the environment, or the
 * daemon's.
 * @return borrowed; NULL if there is none
 */
const char *request_display(const Request *request);

/**
 * Reads the options of a method.
 * @return FALSE with G_DBUS_ERROR_INVALID_ARGS that names the option
 */
gboolean request_parse(Request *request, OptionSet set, GVariant *options, GError **error);

/**
 * Takes what the options name of the descriptors that came with them.
 * @param fds  NULL: none came
 * @return FALSE with G_DBUS_ERROR_INVALID_ARGS
 */
gboolean request_take_descriptors(Request *request, GUnixFDList *fds, GError **error);
