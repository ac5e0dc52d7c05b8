/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The xpra client as a child of the viewer: command line, supervision.
 */
#pragma once

#include <gio/gio.h>

/** What the viewer wants to know; called from the main loop. */
typedef struct {
	/** The server has answered. */
	void (*attached)(gpointer data);
	/** A client process runs now (pid) or has ended (0). */
	void (*changed)(gpointer data, pid_t pid);
	/**
	 * There will be no further client: nobody listens on the socket any more, or another viewer
	 * has taken the session over.
	 */
	void (*ended)(gpointer data, const char *reason);
} XpClientCallbacks;

typedef struct _XpClient XpClient;

/**
 * @param socket_path  the launcher's listener
 * @param run_dir      xpra's own files go below it, instead of into the user's home
 * @param display      X display name
 * @return to be freed with xp_client_free()
 */
XpClient *xp_client_new(const char *socket_path, const char *run_dir, const char *session,
			const char *display, const XpClientCallbacks *callbacks, gpointer data);

/** Starts the client process; from then on it is started again whenever it ends. */
gboolean xp_client_start(XpClient *client, GError **error);

/** @return how often the process was started again after it had served */
guint xp_client_restarts(const XpClient *client);

/** Ends the process (SIGTERM, soon SIGKILL) and frees; NULL is allowed. */
void xp_client_free(XpClient *client);

/** @return the client's argv, to be freed with g_strfreev() */
char **xp_client_argv(const char *socket_path, const char *run_dir, const char *session);

/**
 * @param base  the environment to start from
 * @return the client's environment, to be freed with g_strfreev()
 */
char **xp_client_environment(char **base, const char *run_dir, const char *display);

/**
 * @param failures  lives in a row, including the last one, that ended early
 * @return milliseconds to wait before the next start
 */
guint xp_client_restart_delay(guint failures);
