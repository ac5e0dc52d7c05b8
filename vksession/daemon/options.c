/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vksession/daemon/options.h"

#include <string.h>
#include <unistd.h>

#define IN(set) (1u << (set))

/* Copies a value that has the right type into the member at that place. */
typedef void (*Take)(GVariant *value, gpointer member);

static void take_boolean(GVariant *value, gpointer member)
{
	*(gboolean *)member = g_variant_get_boolean(value);
}

static void take_opposite(GVariant *value, gpointer member)
{
	*(gboolean *)member = !g_variant_get_boolean(value);
}

static void take_string(GVariant *value, gpointer member)
{
	char **string = member;

	g_free(*string);
	*string = g_variant_dup_string(value, NULL);
}

/* A word that goes into the save: of small letters and dashes. */
static gboolean is_reason(GVariant *value)
{
	const char *text = g_variant_get_string(value, NULL);
	gsize length = strlen(text);

	return length > 0 && length <= 32 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") == length;
}

static void take_strings(GVariant *value, gpointer member)
{
	char ***strings = member;

	g_strfreev(*strings);
	*strings = g_variant_dup_strv(value, NULL);
}

static void take_uint(GVariant *value, gpointer member)
{
	*(guint *)member = g_variant_get_uint32(value);
}

static void take_uint64(GVariant *value, gpointer member)
{
	*(guint64 *)member = g_variant_get_uint64(value);
}

static void take_deadline(GVariant *value, gpointer member)
{
	guint64 wait = MIN(g_variant_get_uint64(value), (guint64)G_MAXINT64 / 2);

	*(gint64 *)member = g_get_monotonic_time() + (gint64)wait;
}

static void take_handle(GVariant *value, gpointer member)
{
	*(gint32 *)member = g_variant_get_handle(value);
}

#define MEMBER(name) offsetof(Request, name)
/* What may start a viewer. */
#define SHOWING                                                                                    \
	(IN(OPTIONS_RUN) | IN(OPTIONS_THAW) | IN(OPTIONS_RESTORE) | IN(OPTIONS_ROLLBACK) |         \
	 IN(OPTIONS_ATTACH))

static const struct {
	const char *name;
	guint sets;
	const char *type;
	Take take;
	gsize member;
} table[] = {
	{ "environment", SHOWING, "as", take_strings, MEMBER(environment) },
	{ "cwd", IN(OPTIONS_RUN), "s", take_string, MEMBER(cwd) },
	{ "display", SHOWING, "s", take_string, MEMBER(display) },
	{ "detach", IN(OPTIONS_RUN) | IN(OPTIONS_THAW) | IN(OPTIONS_ROLLBACK), "b", take_boolean,
	  MEMBER(detach) },
	{ "network", IN(OPTIONS_RUN), "b", take_opposite, MEMBER(no_network) },
	{ "memory", IN(OPTIONS_RUN), "t", take_uint64, MEMBER(memory_bytes) },
	{ "cpus", IN(OPTIONS_RUN), "u", take_uint, MEMBER(cpus) },
	{ "disks", IN(OPTIONS_RUN), "as", take_strings, MEMBER(disks) },
	{ "private", IN(OPTIONS_RUN), "as", take_strings, MEMBER(private_dirs) },
	{ "encrypt", IN(OPTIONS_RUN), "s", take_string, MEMBER(encrypt) },
	{ "new", IN(OPTIONS_RUN), "b", take_boolean, MEMBER(new_only) },
	{ "stop", IN(OPTIONS_SAVE) | IN(OPTIONS_SAVE_ALL), "b", take_boolean, MEMBER(stop) },
	{ "reason", IN(OPTIONS_SAVE) | IN(OPTIONS_SAVE_ALL), "s", take_string, MEMBER(reason) },
	{ "force", IN(OPTIONS_SAVE) | IN(OPTIONS_SAVE_ALL), "b", take_boolean, MEMBER(force) },
	{ "queue", IN(OPTIONS_SAVE), "b", take_boolean, MEMBER(queue) },
	{ "deadline", IN(OPTIONS_SAVE_ALL), "t", take_deadline, MEMBER(deadline_us) },
	{ "save", IN(OPTIONS_THAW), "u", take_uint, MEMBER(number) },
	{ "passphrase", IN(OPTIONS_THAW), "h", take_handle, MEMBER(passphrase) },
};

Request *request_new(const char *session)
{
	Request *request = g_new0(Request, 1);

	request->session = g_strdup(session);
	request->passphrase = -1;
	request->passphrase_fd = -1;
	return request;
}

void request_free(Request *request)
{
	if (!request)
		return;
	g_free(request->session);
	g_strfreev(request->command);
	g_strfreev(request->environment);
	g_strfreev(request->private_dirs);
	g_strfreev(request->disks);
	g_free(request->cwd);
	g_free(request->encrypt);
	g_free(request->display);
	g_free(request->reason);
	if (request->passphrase_fd >= 0)
		close(request->passphrase_fd);
	g_free(request);
}

static gboolean take_option(Request *request, OptionSet set, const char *name, GVariant *value,
			    GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		if (!(table[i].sets & IN(set)) || strcmp(table[i].name, name) != 0)
			continue;
		if (g_variant_is_of_type(value, G_VARIANT_TYPE(table[i].type)) &&
		    (strcmp(name, "reason") != 0 || is_reason(value))) {
			table[i].take(value, (char *)request + table[i].member);
			return TRUE;
		}
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option %s must be of type %s%s", name, table[i].type,
			    strcmp(name, "reason") == 0 ? ", a word of small letters" : "");
		return FALSE;
	}
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "there is no option %s", name);
	return FALSE;
}

const char *request_display(const Request *request)
{
	const char *display = request->display;

	if (!display && request->environment)
		display = g_environ_getenv(request->environment, "DISPLAY");
	return display ? display : g_getenv("DISPLAY");
}

gboolean request_parse(Request *request, OptionSet set, GVariant *options, GError **error)
{
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&iter, options);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		gboolean ok = take_option(request, set, name, value, error);

		g_variant_unref(value);
		if (!ok)
			return FALSE;
	}
	if (request->display && !*request->display)
		g_clear_pointer(&request->display, g_free);
	return TRUE;
}

gboolean request_take_descriptors(Request *request, GUnixFDList *fds, GError **error)
{
	if (request->passphrase < 0)
		return TRUE;
	if (fds && request->passphrase < g_unix_fd_list_get_length(fds))
		request->passphrase_fd = g_unix_fd_list_get(fds, request->passphrase, error);
	else
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "option passphrase: the descriptor is missing");
	return request->passphrase_fd >= 0;
}
