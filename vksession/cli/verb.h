/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What the verbs of the command line share. A verb parses its arguments, makes one call into the
 * session library and prints what came of it; main() prints errors.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "vksession/vksession.h"

struct CliRemote;

typedef struct {
	const VksBackend *backend;
	Vks *vks;		  /* opened by cli_open() */
	struct CliRemote *remote; /* the daemon; NULL: none, or not looked for */
	gboolean looked;
	gint64 started_us;  /* CLOCK_MONOTONIC, when the command began */
	VksControl control; /* progress and Ctrl-C, for library calls that take long */
} Cli;

typedef struct {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line */
	/**
	 * @param argc, argv  argv[0] is the verb
	 * @return exit status; not looked at if error is set
	 */
	int (*run)(Cli *cli, int argc, char **argv, GError **error);
} CliVerb;

extern const CliVerb cli_verb_run, cli_verb_list, cli_verb_save, cli_verb_thaw, cli_verb_attach,
	cli_verb_detach, cli_verb_stop, cli_verb_saves, cli_verb_drop, cli_verb_verify,
	cli_verb_exec, cli_verb_log, cli_verb_doctor, cli_verb_rollback, cli_verb_prune,
	cli_verb_policy, cli_verb_selftest, cli_verb_desktop, cli_verb_encrypt, cli_verb_decrypt,
	cli_verb_export, cli_verb_import;

/* options.c */

/**
 * Parses the options of a verb. --help prints and exits.
 *
 * @param rest_is_program  options end at the first argument that is none
 * @param min, max         number of arguments that may be left, without argv[0]
 * @return FALSE with VKS_ERROR_USAGE
 */
gboolean cli_parse(const CliVerb *verb, const GOptionEntry *entries, gboolean rest_is_program,
		   int *argc, char **argv, int min, int max, GError **error);

/** Parses a number of a save, 1 and up. @return FALSE with VKS_ERROR_USAGE */
gboolean cli_parse_number(const char *text, guint *number, GError **error);

/**
 * Parses a size of memory: a number with K, M or G, rounded up to whole MiB.
 * @return FALSE with VKS_ERROR_USAGE
 */
gboolean cli_parse_size(const char *text, guint64 *bytes, GError **error);

/** Sets VKS_ERROR_USAGE with the verb's usage as advice. @param what  what is wrong */
void cli_set_usage(const CliVerb *verb, const char *what, GError **error);

/** Finds the store and the runtime directory. */
gboolean cli_open(Cli *cli, GError **error);

/* operations.c: vks_run() and so on, by the daemon if one runs. Same errors, same progress. */

gboolean cli_run(Cli *cli, const VksRunOptions *options, VksRunResult *result, GError **error);
gboolean cli_save(Cli *cli, const VksSaveOptions *options, VksSaveResult *result, GError **error);
gboolean cli_thaw(Cli *cli, const VksThawOptions *options, VksThawResult *result, GError **error);
gboolean cli_rollback(Cli *cli, const VksRollbackOptions *options, VksRollbackResult *result,
		      GError **error);
gboolean cli_stop(Cli *cli, const char *name, guint grace_ms, GError **error);
gboolean cli_attach(Cli *cli, const char *name, const char *display, GError **error);
gboolean cli_detach(Cli *cli, const char *name, GError **error);
gboolean cli_drop(Cli *cli, const char *name, guint number, GError **error);

/* wait.c */

/**
 * Waits for the first window, if asked to.
 *
 * @param[out] seconds  from the start of the command until the window was drawn; -1: not waited, or
 *                      a window was there before
 */
gboolean cli_wait_window(Cli *cli, const char *name, gboolean wait, double *seconds,
			 GError **error);

/* output.c */

/** A table of text with aligned columns. */
typedef struct CliTable CliTable;

/** @param headings  a '>' before a heading aligns its column to the right. NULL-terminated */
CliTable *cli_table_new(const char *const *headings);
/** Adds a row; strings are taken over, as many as there are headings. */
void cli_table_add(CliTable *table, char **cells);
/** Prints a table to stdout and frees it. */
void cli_table_print(CliTable *table);

/** Prints a tree as JSON to stdout. Consumes it. */
void cli_print_json(JsonBuilder *builder);
/** Adds a member with a string; NULL becomes null. */
void cli_json_string(JsonBuilder *builder, const char *member, const char *value);
void cli_json_int(JsonBuilder *builder, const char *member, gint64 value);
void cli_json_bool(JsonBuilder *builder, const char *member, gboolean value);
/** Adds a member with seconds; what is negative becomes null. */
void cli_json_seconds(JsonBuilder *builder, const char *member, double value);

/* All four: free with g_free(). */
char *cli_format_size(guint64 bytes);
/** @param us  CLOCK_REALTIME, microseconds; 0: "-" */
char *cli_format_time(gint64 us);
char *cli_format_age(gint64 us);

/**
 * Takes out of a text what would upset a terminal, and shortens it.
 * @param max_length  characters
 * @return free with g_free()
 */
char *cli_printable(const char *text, guint max_length);
/** @param us  a duration in microseconds */
char *cli_format_duration(guint64 us);

/* progress.c */

/** Shows what goes on on stderr, if that is a terminal; for VksControl. */
void cli_progress(const char *stage, guint64 done, guint64 total, gpointer user_data);
/** Removes the progress line. */
void cli_progress_end(void);

/* passphrase.c */

/** Makes the library ask for passphrases: from --passphrase-fd, else on the terminal. */
void cli_ask_passphrases(Cli *cli);

/** Takes the value of --passphrase-fd; for the option. */
gboolean cli_take_passphrase_fd(const char *name, const char *value, gpointer data, GError **error);

/** The option of verbs that may need a passphrase. */
#define CLI_PASSPHRASE_FD_OPTION                                                                   \
	{                                                                                          \
		"passphrase-fd", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)cli_take_passphrase_fd,    \
			"Read passphrases from an open descriptor, one a line", "FD"               \
	}

/* background.c */

/** Starts `vksession prune` of a session, with low priority, and does not wait for it. */
void cli_prune_in_background(const char *name);

/* interrupt.c */

/**
 * Makes SIGINT, SIGTERM and SIGHUP cancel a cancellable, so that the library can put things right;
 * a second signal ends the process.
 */
void cli_catch_interrupts(GCancellable *cancellable);
