/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/guest/environment.h"

#include <stdio.h>
#include <string.h>

static const char *const guest_owned[] = {
	"DISPLAY",	   "WAYLAND_DISPLAY", "XAUTHORITY",	  "DBUS_SESSION_BUS_ADDRESS",
	"XDG_RUNTIME_DIR", "XDG_SESSION_ID",  "XDG_SESSION_TYPE", "XDG_SEAT",
	"XDG_VTNR",	   "SESSION_MANAGER", "SSH_AUTH_SOCK",	  "SSH_AGENT_PID",
	"GPG_AGENT_INFO",  "WINDOWID",
};

bool environment_is_guest_owned(const char *assignment)
{
	size_t length = strcspn(assignment, "=");

	for (size_t i = 0; i < sizeof(guest_owned) / sizeof(guest_owned[0]); i++) {
		if (strlen(guest_owned[i]) == length &&
		    memcmp(guest_owned[i], assignment, length) == 0)
			return true;
	}
	return false;
}

bool environment_set(struct environment *environment, const char *assignment)
{
	size_t length = strcspn(assignment, "=") + 1;

	if (length == 1 || assignment[length - 1] != '=')
		return false;
	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->strings[i], assignment, length) == 0) {
			environment->strings[i] = assignment;
			return true;
		}
	}
	if (environment->count == ENVIRONMENT_MAX)
		return false;
	environment->strings[environment->count++] = assignment;
	environment->strings[environment->count] = NULL;
	return true;
}

static void set_named(struct environment *environment, char *place, size_t size, const char *name,
		      const char *value)
{
	if ((size_t)snprintf(place, size, "%s=%s", name, value) < size)
		environment_set(environment, place);
}

void environment_init(struct environment *environment, const struct config *config)
{
	char directory[sizeof("/run/user/4294967295")];

	environment->count = 0;
	environment->strings[0] = NULL;
	snprintf(directory, sizeof(directory), "/run/user/%u", config->uid);
	environment_set(environment,
			"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
	set_named(environment, environment->home, sizeof(environment->home), "HOME", config->home);
	set_named(environment, environment->user, sizeof(environment->user), "USER", config->user);
	set_named(environment, environment->logname, sizeof(environment->logname), "LOGNAME",
		  config->user);
	set_named(environment, environment->shell, sizeof(environment->shell), "SHELL",
		  config->shell);
	set_named(environment, environment->runtime_dir, sizeof(environment->runtime_dir),
		  "XDG_RUNTIME_DIR", directory);
	environment_set(environment, "XDG_SESSION_TYPE=x11");
	for (size_t i = 0; i < config->environment_count; i++)
		environment_set(environment, config->environment[i]);
}
