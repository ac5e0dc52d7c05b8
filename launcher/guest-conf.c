/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest-conf.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define MAX_GROUPS 64

/* What the display stack and programs started without an environment of their own shall see. */
static const char *const passed_on[] = { "PATH", "LANG", "LANGUAGE", "TZ" };

static gboolean add(GString *text, const char *key, const char *value, GError **error)
{
	if (strchr(value, '\n') || strchr(key, '\n')) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "newline in %s or its value",
			    key);
		return FALSE;
	}
	g_string_append_printf(text, "%s=%s\n", key, value);
	return TRUE;
}

static void add_ids(GString *text)
{
	gid_t groups[MAX_GROUPS];
	int count = getgroups(MAX_GROUPS, groups);

	g_string_append_printf(text, "uid=%u\ngid=%u\ngroups=", getuid(), getgid());
	for (int i = 0; i < count; i++)
		g_string_append_printf(text, "%s%u", i > 0 ? "," : "", groups[i]);
	g_string_append_c(text, '\n');
}

static gboolean add_user(GString *text, GError **error)
{
	struct passwd *entry = getpwuid(getuid());
	const char *shell = entry && entry->pw_shell[0] == '/' ? entry->pw_shell : "/bin/sh";
	g_autofree char *number = g_strdup_printf("%u", getuid());

	return add(text, "user", entry ? entry->pw_name : number, error) &&
	       add(text, "home", g_get_home_dir(), error) && add(text, "shell", shell, error);
}

static gboolean is_passed_on(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(passed_on); i++) {
		if (strcmp(name, passed_on[i]) == 0)
			return TRUE;
	}
	return g_str_has_prefix(name, "LC_");
}

static gboolean add_passed_on(GString *text, GError **error)
{
	g_auto(GStrv) names = g_listenv();

	for (char **name = names; *name; name++) {
		g_autofree char *key = g_strdup_printf("env.%s", *name);

		if (is_passed_on(*name) && !add(text, key, g_getenv(*name), error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_given(GString *text, const char *const *environment, GError **error)
{
	for (; environment && *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		g_autofree char *name = NULL;
		g_autofree char *key = NULL;

		if (!equals || equals == *environment) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "%s is not NAME=value", *environment);
			return FALSE;
		}
		name = g_strndup(*environment, (gsize)(equals - *environment));
		key = g_strdup_printf("env.%s", name);
		if (!add(text, key, equals + 1, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_optional(GString *text, const char *key, const char *value, GError **error)
{
	return !value || add(text, key, value, error);
}

static gboolean add_each(GString *text, const char *key, const char *const *values, GError **error)
{
	for (; values && *values; values++) {
		if (!add(text, key, *values, error))
			return FALSE;
	}
	return TRUE;
}

char *vk_guest_conf_build(const VkGuestConf *conf, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	add_ids(text);
	g_string_append_printf(text, "disks=%u\n", conf->disks);
	if (!add_user(text, error) || !add(text, "session", conf->session, error) ||
	    !add(text, "hostname", conf->session, error) ||
	    !add_optional(text, "vkdisplay", conf->vkdisplay, error) ||
	    !add_optional(text, "root_program", conf->root_program, error) ||
	    !add_each(text, "private", conf->private_dirs, error))
		return NULL;
	if (conf->network)
		g_string_append(text, "net=slirp\naddr=" VK_GUEST_ADDRESS "\ngw=" VK_GUEST_GATEWAY
				      "\ndns=" VK_GUEST_DNS "\n");
	else
		g_string_append(text, "net=none\n");
	if (!add_passed_on(text, error) || !add_given(text, conf->environment, error))
		return NULL;
	return g_string_free(g_steal_pointer(&text), FALSE);
}
